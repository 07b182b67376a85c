//! Reads requests and writes responses of a login's size, without HTTP, decision or signature. The benchmark measures
//! it as the upper limit for any verifier.
//!
//! ```sh
//! cargo run --profile server -p authress-verifier --example loopback_floor    # prints "ready http://127.0.0.1:PORT"
//! ```

use std::io::Write;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "ready http://{}", listener.local_addr()?)?;
    let response = response();
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(converse(stream, response.clone()));
    }
}

/// A response as long as the verifier's.
fn response() -> Vec<u8> {
    let location = format!("https://login.example.com/login?code={}", "x".repeat(640));
    format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

async fn converse(mut stream: TcpStream, response: Vec<u8>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::with_capacity(8192);
    while stream.read_buf(&mut request).await? > 0 {
        if request.ends_with(b"\r\n\r\n") {
            stream.write_all(&response).await?;
            request.clear();
        }
    }
    Ok(())
}
