//! Loopback-only HTTP and HTTPS listeners for development servers.
