//! Typed access to a tree: fields of mappings, items of lists, texts, numbers, and messages for what is
//! not as it should be.
//!
//! Every accessor reports what is wrong to the [`Sink`](crate::sink::Sink) and returns `None`, so readers
//! just go on. Nothing here knows a Kubernetes kind. Start with [`Item`], then [`Fields`].

mod fields;
mod item;
mod suggest;

pub(crate) use fields::Fields;
pub(crate) use item::{IntOrText, Item};
pub(crate) use suggest::did_you_mean;
