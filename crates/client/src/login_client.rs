//! `LoginClient`: its construction and what it knows without awaiting. The methods of each flow are in `flows`.

use crate::{
    context::{Context, Options},
    ports::Ports,
};
use authress_login_protocol::{
    session::stored::{Session, StoredSession},
    settings::Settings,
    state::{Snapshot, State},
};
use std::rc::Rc;

/// A login client for one Authress host and application, in one tab. Clones share their state.
#[derive(Debug)]
pub struct LoginClient<P: Ports> {
    pub(crate) context: Rc<Context<P>>,
}

impl<P: Ports> Clone for LoginClient<P> {
    fn clone(&self) -> Self {
        Self { context: self.context.clone() }
    }
}

impl<P: Ports> LoginClient<P> {
    /// Creates a client. It reads and sends nothing yet.
    pub fn new(settings: Settings, options: Options, ports: P) -> Self {
        Self { context: Rc::new(Context::new(settings, options, ports)) }
    }

    /// Continues from the session that listeners already know: that of the stored `record`, or none.
    pub fn continue_from(&self, record: Option<&str>) {
        let session = StoredSession::new(record, self.context.ports.cookies()).recorded_session(&self.context.settings);
        self.context.state.replace(State::known(session, record));
    }

    /// Returns the platform.
    pub fn ports(&self) -> &P {
        &self.context.ports
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.context.settings
    }

    /// Returns the snapshot of the last event.
    pub fn snapshot(&self) -> Snapshot {
        self.context.state.borrow().snapshot().clone()
    }

    /// Returns the session that this browser has stored, if there is one.
    pub fn session(&self) -> Option<Session> {
        self.context.session()
    }
}
