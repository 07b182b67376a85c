//! Whole numbers as text.

/// The digits of a number. The standard library's formatting costs two kilobytes of what shoppers download.
pub(crate) fn decimal(number: i64) -> String {
    let mut text = String::new();
    let mut rest = number.unsigned_abs();
    loop {
        text.insert(0, char::from(b'0' + (rest % 10) as u8));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        text.insert(0, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_and_the_middle() {
        for number in [i64::MIN, -10, -1, 0, 9, 10, 1_795_636_323_000, i64::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }

    proptest! {
        #[test]
        fn every_number(number: i64) {
            prop_assert_eq!(decimal(number), number.to_string());
        }
    }
}
