//! Free loopback ports.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use anyhow::{Context, Result};

/// As many different free ports as `N`. They are free now: another program may still take one before it is used.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // All are held until all are known, otherwise the system may hand out the same one twice.
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on 127.0.0.1")?;
        *port = listener.local_addr().context("cannot read a port's number")?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// Whether no program listens on `port`. IPv6 counts too, because browsers try `[::1]` first for `localhost`.
pub(crate) fn is_free(port: u16) -> bool {
    let ipv4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let ipv6_taken = matches!(TcpListener::bind((Ipv6Addr::LOCALHOST, port)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse);
    ipv4 && !ipv6_taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ() {
        let ports: [u16; 4] = free().unwrap();
        for (index, port) in ports.iter().enumerate() {
            // Not that they are free: another test may have taken one meanwhile.
            assert_ne!(*port, 0);
            assert!(!ports[..index].contains(port));
        }
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }
}
