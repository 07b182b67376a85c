use crate::support::{RefusedStorage, js};
use authress_login_wasm::browser::storage::Storage;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_tab_has_a_storage_of_its_own() {
    let (tab, origin) = (Storage::of_tab(), Storage::of_origin());
    assert!(tab.set("AuthressLoginTestTab", "a"));
    assert_eq!(js("return sessionStorage.getItem('AuthressLoginTestTab')").as_string().as_deref(), Some("a"));
    assert_eq!((tab.get("AuthressLoginTestTab").as_deref(), origin.get("AuthressLoginTestTab")), (Some("a"), None));
    tab.remove("AuthressLoginTestTab");
    assert_eq!(Storage::of_tab().get("AuthressLoginTestTab"), None);
}

#[wasm_bindgen_test]
fn values_are_the_pages_own() {
    let storage = Storage::of_origin();
    assert!(storage.is_durable());
    assert!(storage.set("StorageTest.a", "1"));
    assert_eq!(js("return localStorage.getItem('StorageTest.a')").as_string().as_deref(), Some("1"));
    assert_eq!(storage.keys("StorageTest."), ["StorageTest.a"]);
    storage.remove("StorageTest.a");
    assert_eq!(storage.get("StorageTest.a"), None);
}

#[wasm_bindgen_test]
fn probing_leaves_nothing_behind() {
    let before = js("return localStorage.length");
    assert!(Storage::of_origin().is_durable());
    assert_eq!(js("return localStorage.length"), before);
}

#[wasm_bindgen_test]
fn refused_storage_becomes_memory_that_says_so() {
    let refused = RefusedStorage::new();
    let storage = Storage::of_origin();
    assert!(!storage.is_durable());
    assert!(!storage.set("StorageTest.b", "1"));
    assert_eq!(storage.get("StorageTest.b").as_deref(), Some("1"));
    assert_eq!(storage.keys("StorageTest."), ["StorageTest.b"]);
    storage.remove("StorageTest.b");
    assert_eq!(storage.get("StorageTest.b"), None);
    drop(refused);
    assert!(storage.is_durable());
}

#[wasm_bindgen_test]
fn a_window_of_another_class_has_its_storage_all_the_same() {
    js("window.kept = window.Window; window.Window = function () {};");
    let storage = Storage::of_origin();
    let (is_durable, is_stored) = (storage.is_durable(), storage.set("StorageTest.c", "1"));
    let stored = js("return localStorage.getItem('StorageTest.c')");
    storage.remove("StorageTest.c");
    js("window.Window = window.kept;");
    assert!(is_durable && is_stored);
    assert_eq!(stored.as_string().as_deref(), Some("1"));
}

#[wasm_bindgen_test]
fn a_storage_that_keeps_nothing_becomes_memory_that_says_so() {
    js("window.kept = Storage.prototype.setItem; Storage.prototype.setItem = () => {};");
    let storage = Storage::of_origin();
    let (is_durable, is_stored) = (storage.is_durable(), storage.set("StorageTest.d", "1"));
    let found = storage.get("StorageTest.d");
    js("Storage.prototype.setItem = window.kept;");
    assert!(!is_durable && !is_stored);
    assert_eq!(found.as_deref(), Some("1"));
    assert!(storage.is_durable());
}

#[wasm_bindgen_test]
fn what_another_tab_stores_or_removes_ends_the_copy_in_memory() {
    for other in ["localStorage.setItem('StorageTest.e', 'other');", "localStorage.removeItem('StorageTest.e');"] {
        let storage = Storage::of_origin();
        js("localStorage.setItem('StorageTest.e', 'before'); window.kept = Storage.prototype.setItem;");
        js("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };");
        assert!(!storage.set("StorageTest.e", "mine"));
        assert_eq!(storage.get("StorageTest.e").as_deref(), Some("mine"));
        js("Storage.prototype.setItem = window.kept;");
        assert_eq!(storage.get("StorageTest.e").as_deref(), Some("mine"), "nothing has changed");
        js(other);
        let now = js("return localStorage.getItem('StorageTest.e')").as_string();
        assert_eq!(storage.get("StorageTest.e"), now);
        storage.remove("StorageTest.e");
    }
}
