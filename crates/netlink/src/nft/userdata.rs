//! The userdata that `nft` keeps beside kernel objects: type, length and value, one byte each for the first two.
//!
//! The kernel stores it unread. `nft list` takes comments and the byte order of set keys from it.

use super::constants::{UDATA_COMMENT, UDATA_SET_COMMENT};
use super::name::Comment;

/// Userdata with only a comment: tables, chains, rules and elements.
pub(crate) fn comment(comment: &Comment) -> Vec<u8> {
    let mut userdata = Vec::new();
    put_comment(&mut userdata, UDATA_COMMENT, comment);
    userdata
}

/// The comment of a set, after its other userdata.
pub(crate) fn put_set_comment(userdata: &mut Vec<u8>, comment: &Comment) {
    put_comment(userdata, UDATA_SET_COMMENT, comment);
}

fn put_comment(userdata: &mut Vec<u8>, kind: u8, comment: &Comment) {
    let mut text = comment.as_str().as_bytes().to_vec();
    text.push(0);
    put(userdata, kind, &text);
}

/// One entry. A comment with its NUL has at most 129 bytes, everything else four.
pub(crate) fn put(userdata: &mut Vec<u8>, kind: u8, value: &[u8]) {
    userdata.push(kind);
    userdata.push(u8::try_from(value.len()).expect("userdata values are short"));
    userdata.extend_from_slice(value);
}

/// The comment of a table, chain, rule or element.
pub(crate) fn read_comment(userdata: &[u8]) -> Option<Comment> {
    read(userdata, UDATA_COMMENT)
}

/// The comment of a set.
pub(crate) fn read_set_comment(userdata: &[u8]) -> Option<Comment> {
    read(userdata, UDATA_SET_COMMENT)
}

fn read(mut userdata: &[u8], wanted: u8) -> Option<Comment> {
    while let [kind, length, rest @ ..] = userdata {
        let value = rest.get(..usize::from(*length))?;
        if *kind == wanted {
            return Some(Comment::from_kernel(crate::wire::text(value)));
        }
        userdata = &rest[value.len()..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_behind_other_entries() {
        let note = Comment::constant("hi");
        assert_eq!(comment(&note), [0, 3, b'h', b'i', 0]);
        let mut userdata = vec![0, 4, 2, 0, 0, 0];
        put_set_comment(&mut userdata, &note);
        assert_eq!(read_set_comment(&userdata), Some(note));
        assert_eq!(read_set_comment(&userdata[..8]), None);
    }
}
