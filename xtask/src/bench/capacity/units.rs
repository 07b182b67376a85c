//! Numbers as the page shows them.

/// With as many decimals as a reader needs, and commas between thousands.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size > 0.0 => 2,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let whole = with_commas(whole);
    rest.map_or_else(|| whole.clone(), |rest| format!("{whole}.{rest}"))
}

/// Microseconds.
pub(super) fn micros(value: f64) -> String {
    format!("{value:.1} µs")
}

/// Decimal units, as disks and network cards have them.
pub(super) fn bytes(value: f64) -> String {
    scaled(value, [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)], "B")
}

/// Bits a second.
pub(super) fn bits(value: f64) -> String {
    scaled(value, [("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)], "bit/s")
}

fn scaled(value: f64, units: [(&str, f64); 3], smallest: &str) -> String {
    let unit = units.into_iter().find(|(_, size)| value >= *size);
    unit.map_or_else(|| format!("{value:.0} {smallest}"), |(name, size)| format!("{} {name}", number(value / size)))
}

fn with_commas(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_decimals_that_a_reader_needs() {
        let shown = [16_666.67, 999.6, 100.0, 99.94, 10.0, 9.994, 0.5, 0.004, 0.0, 1_234_567.0].map(number);
        assert_eq!(shown, ["16,667", "1,000", "100", "99.9", "10.0", "9.99", "0.50", "0.00", "0", "1,234,567"]);
    }

    #[test]
    fn sizes_have_decimal_units() {
        assert_eq!([999.0, 1000.0, 64e6, 2.5e9].map(bytes), ["999 B", "1.00 kB", "64.0 MB", "2.50 GB"]);
        assert_eq!([12.0, 1.5e6].map(bits), ["12 bit/s", "1.50 Mbit/s"]);
    }
}
