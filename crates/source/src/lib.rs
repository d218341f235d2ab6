//! YAML and JSON text to a [`podfence_model::World`], with the place of every key and value.
//!
//! It decides nothing: it reads manifests as the API server would (defaults, validity, YAML 1.1 scalars),
//! refuses what the API server would refuse or what cannot be known, and says where and how to mend it.
//! Drawing the messages belongs to `podfence-report`, judging policies to the linters.
//!
//! Start with [`read()`]. Inside: `input` (files to texts), `yaml` (text to trees), `decode` (typed access
//! to trees), `kinds` (trees to objects), `gather` (objects to a world). Beside that way: `outline` (what the text of an
//! object says, field by field), `edit` (changing it), `live` (single objects of an API server), `expectations` and `settings` (files that are no manifests).

mod aside;
mod code;
mod decode;
mod diagnostic;
mod edit;
mod expectations;
mod gather;
mod input;
mod kinds;
mod live;
mod names;
mod outline;
mod read;
mod settings;
mod sink;
mod source_map;
mod yaml;

pub use code::Code;
pub use diagnostic::{Diagnostic, Edit, Label, Severity};
pub use edit::{EditError, apply};
pub use expectations::{ExpectationFile, LoadedExpectations, expectations};
pub use input::{Input, MAX_INPUT, is_manifest};
pub use live::{LiveObject, Nameless, live_object};
pub use outline::{Field, Outlines, View};
pub use read::{Loaded, Options, Refused, read};
pub use settings::{Stated, StatedSettings, settings};
pub use source_map::SourceMap;
