//! Every property with its seeds, with mutations of them, and with random bytes.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use authress_hostile_input::PROPERTIES;
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
fn every_property_has_a_fuzz_target_and_every_fuzz_target_a_property() {
    let properties: BTreeSet<String> = PROPERTIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let files = std::fs::read_dir(fuzz().join("fuzz_targets")).unwrap();
    let targets = files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(properties, targets);
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in &properties {
        let target = std::fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.ends_with(&format!("fuzz_target!(|data: &[u8]| authress_hostile_input::{name}(data));\n")));
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")), "{name}");
    }
}

#[test]
fn the_properties_hold_for_the_seeds() {
    for (name, property) in PROPERTIES {
        for (seed, data) in seeds(name) {
            println!("{name}/{seed}");
            property(&data);
        }
    }
}

/// A seed with some bytes replaced, a part removed and a part of another seed inserted.
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
    fn the_properties_hold_for_random_bytes(data: Vec<u8>) {
        for (_, property) in PROPERTIES {
            property(&data);
        }
    }

    #[test]
    fn the_properties_hold_for_mutated_seeds(
        which: [Index; 2],
        bytes in prop::collection::vec((any::<Index>(), prop_oneof![any::<u8>(), Just(b'"'), Just(b'%'), Just(b'.')]), 0..4),
        places: [Index; 3],
    ) {
        for (name, property) in PROPERTIES {
            property(&mutated(name, &which, &bytes, &places));
        }
    }
}
