//! Web Locks (<https://www.w3.org/TR/web-locks/>): exclusive locks, granted in the order of the requests.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

#[derive(Debug, Default)]
pub(crate) struct Locks {
    /// The requests for each name. The first one holds the lock.
    queues: RefCell<BTreeMap<String, Vec<Entry>>>,
    last_id: RefCell<u64>,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    page: u64,
    waker: Option<Waker>,
}

/// A request for a lock, or the lock once it is granted. Dropping it releases the lock.
#[derive(Debug)]
pub(crate) struct LockRequest {
    locks: Rc<Locks>,
    name: String,
    id: u64,
}

impl Locks {
    /// Queues a request at once and waits for the lock.
    pub(crate) fn request(self: &Rc<Self>, name: &str, page: u64) -> impl Future<Output = LockRequest> + use<> {
        *self.last_id.borrow_mut() += 1;
        let id = *self.last_id.borrow();
        let entry = Entry { id, page, waker: None };
        self.queues.borrow_mut().entry(name.to_owned()).or_default().push(entry);
        let mut request = Some(LockRequest { locks: self.clone(), name: name.to_owned(), id });
        poll_fn(move |context| {
            let granted = {
                let waiting = request.as_ref().unwrap();
                let mut queues = waiting.locks.queues.borrow_mut();
                let queue = queues.get_mut(&waiting.name).unwrap();
                let index = queue.iter().position(|entry| entry.id == id);
                if let Some(index) = index {
                    queue[index].waker = Some(context.waker().clone());
                }
                index == Some(0)
            };
            if granted { Poll::Ready(request.take().unwrap()) } else { Poll::Pending }
        })
    }

    /// Releases the locks and requests of a page that has ended.
    pub(crate) fn release_of(&self, page: u64) {
        self.remove(|entry| entry.page == page);
    }

    fn remove(&self, is_gone: impl Fn(&Entry) -> bool) {
        for queue in self.queues.borrow_mut().values_mut() {
            queue.retain(|entry| !is_gone(entry));
            if let Some(waker) = queue.first_mut().and_then(|entry| entry.waker.take()) {
                waker.wake();
            }
        }
    }
}

impl Drop for LockRequest {
    fn drop(&mut self) {
        let id = self.id;
        self.locks.remove(|entry| entry.id == id);
    }
}
