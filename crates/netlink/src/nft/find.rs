//! Asking a set for one key, at the cost of one look-up, however large the set is.

use nix::libc;

use super::chain::Table;
use super::client::request;
use super::constants::{
    NFTA_LIST_ELEM, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET,
    NFTA_SET_ELEM_LIST_TABLE,
};
use super::element::Element;
use super::encode::put_value;
use super::interval::read_boundary;
use super::name::Name;
use super::value::Value;
use crate::error::Error;
use crate::message;
use crate::socket::{Request, Socket};
use crate::wire::{Attributes, Encode};

/// The element that a key meets; of a range only its beginning, as the kernel lists it. `None` where there is none, and where
/// there is no such set.
pub(crate) fn find(
    socket: &mut Socket,
    table: &Table,
    set: &Name,
    key: &Value,
) -> Result<Option<Element>, Error> {
    let name = format!("look up a key in set {set} of table {table}");
    let request = request(libc::NFT_MSG_GETSETELEM, table.family.number(), &name);
    let mut found = None;
    let asked = socket.request(
        Request { flags: message::ACK, ..request },
        |body| put_question(body, table, set, key),
        |message| {
            let list = message.attributes().nested(NFTA_SET_ELEM_LIST_ELEMENTS);
            let item = list.and_then(|mut list| list.next());
            let boundary = item.and_then(|(_, item)| read_boundary(Attributes::new(item)));
            let boundary =
                boundary.ok_or_else(|| request.malformed("an element of a kind we never write"))?;
            found = Some(boundary.element().clone());
            Ok(())
        },
    );
    match asked {
        Err(error) if error.is_absent() => Ok(None),
        asked => asked.map(|()| found),
    }
}

fn put_question(body: &mut Vec<u8>, table: &Table, set: &Name, key: &Value) {
    body.put_string(NFTA_SET_ELEM_LIST_TABLE, table.name.as_str());
    body.put_string(NFTA_SET_ELEM_LIST_SET, set.as_str());
    body.nest(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
        list.nest(NFTA_LIST_ELEM, |item| put_value(item, NFTA_SET_ELEM_KEY, key));
    });
}
