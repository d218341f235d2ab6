//! What `lint` found, in every form: drawn for terminals, JSON, SARIF, JUnit, and the commands of GitHub's log.
//!
//! Start with [`text`]. `region` knows where a place begins and ends in lines and columns, which machines ask for.

mod about;
mod counts;
mod github;
mod json;
mod junit;
mod pages;
mod region;
mod sarif;
mod text;

pub use about::about;
pub use counts::Counts;
pub use github::github;
pub use json::json;
pub(crate) use json::{FindingView, view};
pub use junit::junit;
pub use pages::{list, page};
pub use sarif::sarif;
pub use text::text;

use podfence_lint::Rule;

/// Where a rule's page is to be read.
fn documentation(rule: &Rule) -> String {
    format!("{}/blob/main/docs/lint/{}.md", env!("CARGO_PKG_REPOSITORY"), rule.code)
}
