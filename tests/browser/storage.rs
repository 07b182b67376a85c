use crate::support::{RefusedStorage, js};
use authress_login_wasm::browser::storage::Storage;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn values_are_the_pages_own() {
    let storage = Storage::new();
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
    assert!(Storage::new().is_durable());
    assert_eq!(js("return localStorage.length"), before);
}

#[wasm_bindgen_test]
fn refused_storage_becomes_memory_that_says_so() {
    let refused = RefusedStorage::new();
    let storage = Storage::new();
    assert!(!storage.is_durable());
    assert!(!storage.set("StorageTest.b", "1"));
    assert_eq!(storage.get("StorageTest.b").as_deref(), Some("1"));
    assert_eq!(storage.keys("StorageTest."), ["StorageTest.b"]);
    storage.remove("StorageTest.b");
    assert_eq!(storage.get("StorageTest.b"), None);
    drop(refused);
    assert!(storage.is_durable());
}
