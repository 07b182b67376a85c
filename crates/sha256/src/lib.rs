//! SHA-256 (FIPS 180-4) for the browser: of one message, and of [`LANES`] messages at once that differ in their first
//! block only.
//!
//! It exists for the proof of work, thousands of digests for which a shopper waits. The crate `sha2` is four times as
//! large in the module, recomputes the unchanged part of the message for every try, and does not use WebAssembly's
//! SIMD instructions. Servers use `sha2`, and the tests compare the two.

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod lanes;

pub use lanes::LANES;
use lanes::Lanes;
use std::ops::Range;

/// The bytes of a block.
const BLOCK: usize = 64;
/// The words of a block.
const WORDS: usize = BLOCK / 4;
const ROUNDS: usize = 64;
/// Section 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
/// Section 4.2.2.
#[rustfmt::skip]
const K: [u32; ROUNDS] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

type State = [Lanes; 8];
/// The message schedule of a block, section 6.2.2 step 1, with the constants of the rounds added.
type Schedule = [Lanes; ROUNDS];

/// The digest of one message.
pub fn digest(message: &[u8]) -> [u8; 32] {
    let mut state = INITIAL.map(Lanes::splat);
    for block in &padded(message) {
        rounds(&mut state, &schedule(&words([block; LANES])));
    }
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.first().to_be_bytes();
    }
    digest
}

/// Messages of the same length that differ in a few bytes of their first block only.
#[derive(Debug)]
pub struct Messages {
    first: [[u8; BLOCK]; LANES],
    words: [Lanes; WORDS],
    changing: Range<usize>,
    rest: Vec<Schedule>,
}

impl Messages {
    /// Starts with [`LANES`] copies of `message`; only the bytes at `changing` may be changed later.
    pub fn new(message: &[u8], changing: Range<usize>) -> Self {
        let blocks = padded(message);
        let (first, rest) = blocks.split_first().unwrap_or((&[0; BLOCK], &[]));
        Self {
            first: [*first; LANES],
            words: words([first; LANES]),
            changing,
            rest: rest.iter().map(|block| schedule(&words([block; LANES]))).collect(),
        }
    }

    /// The bytes that may be changed, of each message.
    pub fn changing(&mut self) -> [&mut [u8]; LANES] {
        let range = self.changing.clone();
        self.first.each_mut().map(|block| block.get_mut(range.clone()).unwrap_or_default())
    }

    /// The first four bytes of each digest, as a number.
    pub fn digest_starts(&mut self) -> [u32; LANES] {
        let words = self.words.iter_mut().enumerate().skip(self.changing.start / 4);
        for (at, word) in words.take_while(|(at, _)| at * 4 < self.changing.end) {
            *word = word_at(self.first.each_ref(), at);
        }
        let mut state = INITIAL.map(Lanes::splat);
        rounds(&mut state, &schedule(&self.words));
        self.rest.iter().for_each(|schedule| rounds(&mut state, schedule));
        let [start, ..] = state;
        start.all()
    }
}

/// The message with its padding, section 5.1.1, in blocks.
fn padded(message: &[u8]) -> Vec<[u8; BLOCK]> {
    let bits = message.len() as u64 * 8;
    let mut bytes = message.to_vec();
    bytes.push(0x80);
    bytes.resize((bytes.len() + 8).next_multiple_of(BLOCK) - 8, 0);
    bytes.extend(bits.to_be_bytes());
    bytes.as_chunks().0.to_vec()
}

/// The words of a block of each message.
fn words(blocks: [&[u8; BLOCK]; LANES]) -> [Lanes; WORDS] {
    std::array::from_fn(|at| word_at(blocks, at))
}

fn word_at(blocks: [&[u8; BLOCK]; LANES], at: usize) -> Lanes {
    Lanes::new(blocks.map(|block| block.as_chunks::<4>().0.get(at).map_or(0, |bytes| u32::from_be_bytes(*bytes))))
}

#[inline(never)]
fn schedule(block: &[Lanes; WORDS]) -> Schedule {
    let mut words = [Lanes::splat(0); ROUNDS];
    if let Some(first) = words.first_chunk_mut() {
        *first = *block;
    }
    for at in 0..ROUNDS - WORDS {
        // A window of known length: the compiler checks its bounds once.
        let Some(window) = words.get_mut(at..).and_then(|words| words.first_chunk_mut::<17>()) else { break };
        let (early, late) = (window[1], window[14]);
        let s0 = early.rotate_right::<7>() ^ early.rotate_right::<18>() ^ early.shift_right::<3>();
        let s1 = late.rotate_right::<17>() ^ late.rotate_right::<19>() ^ late.shift_right::<10>();
        window[16] = window[0] + s0 + window[9] + s1;
    }
    for (word, constant) in words.iter_mut().zip(K) {
        *word = *word + Lanes::splat(constant);
    }
    words
}

/// Section 6.2.2, steps 2 to 4.
// Not inlined: engines optimise a function that is called often.
#[inline(never)]
fn rounds(state: &mut State, schedule: &Schedule) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $word:expr) => {
            let s1 = $e.rotate_right::<6>() ^ $e.rotate_right::<11>() ^ $e.rotate_right::<25>();
            let t1 = $h + s1 + $e.choose($f, $g) + $word;
            let s0 = $a.rotate_right::<2>() ^ $a.rotate_right::<13>() ^ $a.rotate_right::<22>();
            $d = $d + t1;
            $h = t1 + s0 + ($a ^ $b).choose($c, $b);
        };
    }
    for words in schedule.as_chunks::<8>().0 {
        let [w0, w1, w2, w3, w4, w5, w6, w7] = *words;
        round!(a b c d e f g h w0);
        round!(h a b c d e f g w1);
        round!(g h a b c d e f w2);
        round!(f g h a b c d e w3);
        round!(e f g h a b c d w4);
        round!(d e f g h a b c w5);
        round!(c d e f g h a b w6);
        round!(b c d e f g h a w7);
    }
    for (sum, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *sum = *sum + word;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn a_known_digest() {
        // FIPS 180-4's own example.
        assert_eq!(digest(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    proptest! {
        #[test]
        fn digests_equal_those_of_the_crate_sha2(message: Vec<u8>, length in 0_usize..300) {
            let message: Vec<u8> = message.into_iter().cycle().take(length).collect();
            prop_assert_eq!(digest(&message), <[u8; 32]>::from(Sha256::digest(&message)));
        }

        #[test]
        fn digests_of_messages_that_differ_in_their_first_block_equal_those_of_sha2(
            message in proptest::collection::vec(any::<u8>(), 64..300), start in 0_usize..56, length in 1_usize..9,
        ) {
            let mut messages = Messages::new(&message, start..start + length);
            let mut expected = Vec::new();
            for (lane, bytes) in messages.changing().into_iter().enumerate() {
                bytes.fill(lane as u8);
                let mut message = message.clone();
                message[start..start + length].fill(lane as u8);
                expected.push(Sha256::digest(&message)[..4].to_vec());
            }
            let starts = messages.digest_starts().map(|start| start.to_be_bytes().to_vec());
            prop_assert_eq!(starts.to_vec(), expected);
        }
    }
}
