//! Every body over its seeds, over what is made of them, and over random bytes.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use authress_hostile_input::BODIES;
use proptest::prelude::*;
use proptest::sample::Index;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The seeds of a target, in the order of their names.
fn seeds(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("seeds").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}", folder.display()));
    let mut seeds: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{name}");
    seeds
}

#[test]
fn every_body_is_a_fuzz_target_and_every_fuzz_target_a_body() {
    let bodies: BTreeSet<String> = BODIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let files = std::fs::read_dir(fuzz().join("fuzz_targets")).unwrap();
    let targets = files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(bodies, targets);
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in &bodies {
        let target = std::fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.ends_with(&format!("fuzz_target!(|data: &[u8]| authress_hostile_input::{name}(data));\n")));
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")), "{name}");
    }
}

#[test]
fn nothing_happens_with_the_seeds() {
    for (name, body) in BODIES {
        for (seed, data) in seeds(name) {
            println!("{name}/{seed}");
            body(&data);
        }
    }
}

/// A seed with some bytes exchanged, a piece left out and a piece of another seed put in.
fn mutated(name: &str, which: &[Index; 2], bytes: &[(Index, u8)], places: &[Index; 3]) -> Vec<u8> {
    let seeds = seeds(name);
    let (mut data, other) = (which[0].get(&seeds).1.clone(), &which[1].get(&seeds).1);
    for (place, byte) in bytes.iter().filter(|_| !data.is_empty()).collect::<Vec<_>>() {
        let place = place.index(data.len());
        data[place] = *byte;
    }
    let mut ends = [places[0].index(data.len() + 1), places[1].index(data.len() + 1)];
    ends.sort_unstable();
    data.splice(ends[0]..ends[1], other[places[2].index(other.len() + 1)..].iter().copied());
    data
}

proptest! {
    #[test]
    fn nothing_happens_with_random_bytes(data: Vec<u8>) {
        for (_, body) in BODIES {
            body(&data);
        }
    }

    #[test]
    fn nothing_happens_with_what_is_made_of_the_seeds(
        which: [Index; 2],
        bytes in prop::collection::vec((any::<Index>(), prop_oneof![any::<u8>(), Just(b'"'), Just(b'%'), Just(b'.')]), 0..4),
        places: [Index; 3],
    ) {
        for (name, body) in BODIES {
            body(&mutated(name, &which, &bytes, &places));
        }
    }
}
