//! What every thin service needs and none should write again: reading a request's members, the question to the gate, tags,
//! lists in pages, typed values in the store.
#![forbid(unsafe_code)]

mod input;
mod keep;
mod page;
mod question;
mod refuse;
mod tags;
#[cfg(feature = "testing")]
pub mod testing;

pub use input::Input;
pub use keep::Kind;
pub use page::{Page, page};
pub use question::Question;
pub use refuse::{not_implemented, validation};
pub use tags::{Tags, merge_tags, request_tag_keys, resource_tag_keys};
