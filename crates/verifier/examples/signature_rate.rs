//! Prints how many statements one core signs in a second of processor time: the upper limit for any verifier. Linux
//! only.
//!
//! ```sh
//! cargo run --profile server -p authress-verifier --example signature_rate
//! ```

use std::time::{Duration, Instant};

use authress_jws::SigningKey;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = SigningKey::generate("k1")?;
    let claims = json!({
        "aud": "acc-1.accounts.authress.io", "iss": "https://login.example.com/v1/clients/sc_shop",
        "sub": "user_7zzzzzzzzzzzzzzzzzzzzzzzzz", "client_id": "sc_shop", "iat": 1_700_000_000,
        "exp": 1_700_000_060, "max_age": 60, "scope": "openid", "jti": "7zzzzzzzzzzzzzzzzzzzzzzzzz",
    });
    let start = Instant::now();
    let mut signed = 0_u32;
    while start.elapsed() < Duration::from_secs(5) {
        for _ in 0..100 {
            std::hint::black_box(key.sign_jwt("oauth-authz-req+jwt", std::hint::black_box(&claims)));
        }
        signed += 100;
    }
    println!("{:.0}", f64::from(signed) / processor_seconds()?);
    Ok(())
}

/// Returns the processor time of this process. The wall clock would include the time that other programs take of the
/// core.
fn processor_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may contain spaces. utime and stime are the 12th and 13th field after it, in hundredths
    // of a second.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks = fields.map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / 100.0)
}
