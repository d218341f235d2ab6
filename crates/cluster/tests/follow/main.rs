//! A server's moods, and what a follower makes of them: never a world that is not whole, never an object lost, right again afterwards.

#![allow(clippy::unwrap_used, reason = "a test")]

mod fake;
mod histories;
mod objects;
mod once;
mod run;
mod scenarios;
