//! Set-up, build, test and demo commands of this workspace: `cargo xtask` lists them.
//!
//! This is the first thing a bare machine compiles, so it has few dependencies. It decides nothing about logins; it
//! gets the tools, runs them in the right order and says what it is doing.

mod advisories;
mod bench;
mod build;
mod bundlers;
mod circles;
mod cli;
mod contract;
mod demo;
mod doctor;
mod engines;
mod fuzz;
mod generate;
mod lint;
mod notices;
mod ports;
mod programs;
mod progress;
mod release;
mod repository;
mod reproduce;
mod setup;
mod size;
mod stack;
mod test;
mod types;
mod words;
#[cfg(test)]
mod workflows;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
