//! The same word of several messages: one with plain instructions, four with WebAssembly's SIMD.

use std::ops::{Add, BitXor};

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod word {
    use core::arch::wasm32::{
        i32x4_add, u32x4, u32x4_extract_lane, u32x4_shl, u32x4_shr, u32x4_splat, v128, v128_bitselect, v128_or,
        v128_xor,
    };

    /// How many messages are hashed at once.
    pub const LANES: usize = 4;
    pub(super) type Word = v128;

    pub(super) fn new([a, b, c, d]: [u32; LANES]) -> Word {
        u32x4(a, b, c, d)
    }
    pub(super) fn all(word: Word) -> [u32; LANES] {
        [
            u32x4_extract_lane::<0>(word),
            u32x4_extract_lane::<1>(word),
            u32x4_extract_lane::<2>(word),
            u32x4_extract_lane::<3>(word),
        ]
    }
    pub(super) fn splat(value: u32) -> Word {
        u32x4_splat(value)
    }
    pub(super) fn add(left: Word, right: Word) -> Word {
        i32x4_add(left, right)
    }
    pub(super) fn xor(left: Word, right: Word) -> Word {
        v128_xor(left, right)
    }
    pub(super) fn shift_right(word: Word, bits: u32) -> Word {
        u32x4_shr(word, bits)
    }
    pub(super) fn rotate_right(word: Word, bits: u32) -> Word {
        v128_or(u32x4_shr(word, bits), u32x4_shl(word, 32 - bits))
    }
    pub(super) fn choose(by: Word, ones: Word, zeros: Word) -> Word {
        v128_bitselect(ones, zeros, by)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod word {
    /// How many messages are hashed at once.
    pub const LANES: usize = 1;
    pub(super) type Word = u32;

    pub(super) fn new([word]: [u32; LANES]) -> Word {
        word
    }
    pub(super) fn all(word: Word) -> [u32; LANES] {
        [word]
    }
    pub(super) fn splat(value: u32) -> Word {
        value
    }
    pub(super) fn add(left: Word, right: Word) -> Word {
        left.wrapping_add(right)
    }
    pub(super) fn xor(left: Word, right: Word) -> Word {
        left ^ right
    }
    pub(super) fn shift_right(word: Word, bits: u32) -> Word {
        word >> bits
    }
    pub(super) fn rotate_right(word: Word, bits: u32) -> Word {
        word.rotate_right(bits)
    }
    pub(super) fn choose(by: Word, ones: Word, zeros: Word) -> Word {
        ((ones ^ zeros) & by) ^ zeros
    }
}

pub use word::LANES;

/// The same word of each message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes(word::Word);

impl Lanes {
    #[inline(always)]
    pub(crate) fn new(words: [u32; LANES]) -> Self {
        Self(word::new(words))
    }

    #[inline(always)]
    pub(crate) fn splat(value: u32) -> Self {
        Self(word::splat(value))
    }

    pub(crate) fn all(self) -> [u32; LANES] {
        word::all(self.0)
    }

    pub(crate) fn first(self) -> u32 {
        let [first, ..] = self.all();
        first
    }

    #[inline(always)]
    pub(crate) fn rotate_right<const BITS: u32>(self) -> Self {
        Self(word::rotate_right(self.0, BITS))
    }

    #[inline(always)]
    pub(crate) fn shift_right<const BITS: u32>(self) -> Self {
        Self(word::shift_right(self.0, BITS))
    }

    /// Selects each bit from `ones` where `self` has a one, and from `zeros` elsewhere.
    #[inline(always)]
    pub(crate) fn choose(self, ones: Self, zeros: Self) -> Self {
        Self(word::choose(self.0, ones.0, zeros.0))
    }
}

impl Add for Lanes {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(word::add(self.0, other.0))
    }
}

impl BitXor for Lanes {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self(word::xor(self.0, other.0))
    }
}
