//! Elements on the wire. The kernel's rbtree holds a range as two elements: its first key, and flagged as an end the key after its
//! last one. A range up to the largest key has no end.

use super::constants::{
    NFTA_DATA_VALUE, NFTA_DATA_VERDICT, NFTA_LIST_ELEM, NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_FLAGS,
    NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_USERDATA, SET_ELEM_INTERVAL_END,
};
use super::element::{Data, Element, Key};
use super::encode::{put_value, put_verdict, read_verdict};
use super::set::{self, MapData, Set};
use super::userdata;
use super::value::Value;
use crate::wire::{Attributes, Encode};

/// Elements to delete are named by their keys alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Add,
    Delete,
}

/// Appends an element of a set to a list, or says why it cannot be one.
pub(crate) fn put_element(
    list: &mut Vec<u8>,
    set: &Set,
    element: &Element,
    purpose: Purpose,
) -> Result<(), &'static str> {
    let (first, last) = element.key.ends();
    if first.width() != set.key_width() || last.width() != set.key_width() {
        return Err("its key is not as wide as the set's");
    }
    if !set.interval && matches!(element.key, Key::Range(..)) {
        return Err("the set holds no ranges");
    }
    if first > last {
        return Err("the range ends before it begins");
    }
    if purpose == Purpose::Add {
        check_data(set, element)?;
    }
    let data = Some(element).filter(|_| purpose == Purpose::Add);
    put_one(list, &first, 0, data);
    if set.interval
        && let Some(end) = last.successor()
    {
        put_one(list, &end, SET_ELEM_INTERVAL_END, None);
    }
    Ok(())
}

fn check_data(set: &Set, element: &Element) -> Result<(), &'static str> {
    match (&set.data, &element.data) {
        (None, None) | (Some(MapData::Verdict), Some(Data::Verdict(_))) => Ok(()),
        (Some(MapData::Value(fields)), Some(Data::Value(value))) if value.width() == set::width(fields) => {
            Ok(())
        }
        (Some(MapData::Value(_)), Some(Data::Value(_))) => Err("its value is not as wide as the map's"),
        (None, Some(_)) => Err("the set maps to nothing"),
        (Some(MapData::Verdict), _) => Err("the map needs a verdict"),
        (Some(MapData::Value(_)), _) => Err("the map needs a value"),
    }
}

fn put_one(list: &mut Vec<u8>, key: &Value, flags: u32, content: Option<&Element>) {
    list.nest(NFTA_LIST_ELEM, |item| {
        put_value(item, NFTA_SET_ELEM_KEY, key);
        if flags != 0 {
            item.put_be32(NFTA_SET_ELEM_FLAGS, flags);
        }
        match content.and_then(|element| element.data.as_ref()) {
            None => {}
            Some(Data::Verdict(verdict)) => put_verdict(item, NFTA_SET_ELEM_DATA, verdict),
            Some(Data::Value(value)) => put_value(item, NFTA_SET_ELEM_DATA, value),
        }
        if let Some(comment) = content.and_then(|element| element.comment.as_ref()) {
            item.put(NFTA_SET_ELEM_USERDATA, &userdata::comment(comment));
        }
    });
}

/// An element as the kernel lists it: in interval sets half a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Boundary {
    key: Value,
    is_end: bool,
    element: Element,
}

impl Boundary {
    /// In sets without ranges the element itself.
    pub(crate) fn element(&self) -> &Element {
        &self.element
    }
}

/// Reads one element of a dump; none if it is not of a kind we write.
pub(crate) fn read_boundary(attributes: Attributes<'_>) -> Option<Boundary> {
    let key = Value::from_bytes(attributes.nested(NFTA_SET_ELEM_KEY)?.get(NFTA_DATA_VALUE)?).ok()?;
    let data = match attributes.nested(NFTA_SET_ELEM_DATA) {
        None => None,
        Some(data) => Some(read_data(data)?),
    };
    let comment = attributes.get(NFTA_SET_ELEM_USERDATA).and_then(userdata::read_comment);
    let is_end = attributes.be32(NFTA_SET_ELEM_FLAGS).unwrap_or_default() & SET_ELEM_INTERVAL_END != 0;
    Some(Boundary { key, is_end, element: Element { key: Key::Single(key), data, comment } })
}

fn read_data(data: Attributes<'_>) -> Option<Data> {
    match data.nested(NFTA_DATA_VERDICT) {
        Some(verdict) => read_verdict(verdict).map(Data::Verdict),
        None => Value::from_bytes(data.get(NFTA_DATA_VALUE)?).ok().map(Data::Value),
    }
}

/// The elements of a set, sorted by key; none if ranges begin twice before they end.
pub(crate) fn join(mut boundaries: Vec<Boundary>, interval: bool) -> Option<Vec<Element>> {
    boundaries.sort_by_key(|boundary| (boundary.key, !boundary.is_end));
    if !interval {
        return Some(boundaries.into_iter().map(|boundary| boundary.element).collect());
    }
    let mut elements = Vec::with_capacity(boundaries.len().div_ceil(2));
    let mut open: Option<Boundary> = None;
    for boundary in boundaries {
        if boundary.is_end {
            // An end without a beginning closes the gap before the first range; nft writes one at zero.
            elements.extend(open.take().and_then(|begin| closed(begin, boundary.key.predecessor()?)));
        } else if open.replace(boundary).is_some() {
            return None;
        }
    }
    elements.extend(open.and_then(|begin| {
        let last = Value::largest(begin.key.width());
        closed(begin, last)
    }));
    Some(elements)
}

fn closed(begin: Boundary, last: Value) -> Option<Element> {
    (begin.key <= last).then_some(Element { key: Key::Range(begin.key, last), ..begin.element })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::nft::{DataType, Name};

    const PORTS: Name = Name::constant("ports");

    fn written(set: &Set, elements: &[Element]) -> Vec<u8> {
        let mut list = Vec::new();
        for element in elements {
            put_element(&mut list, set, element, Purpose::Add).unwrap();
        }
        list
    }

    fn read_back(list: &[u8]) -> Vec<Element> {
        let items = Attributes::new(list).map(|(_, item)| read_boundary(Attributes::new(item)).unwrap());
        join(items.collect(), true).unwrap()
    }

    #[test]
    fn a_range_is_its_start_and_a_flagged_end() {
        let set = Set::new(PORTS, [DataType::Port]).interval();
        let list = written(&set, &[Element::range(Value::port(80), Value::port(89))]);
        #[rustfmt::skip]
        let expected = [
            16, 0, 1, 0x80, 12, 0, 1, 0x80, 6, 0, 1, 0, 0, 80, 0, 0,
            24, 0, 1, 0x80, 12, 0, 1, 0x80, 6, 0, 1, 0, 0, 90, 0, 0, 8, 0, 3, 0, 0, 0, 0, 1,
        ];
        assert_eq!(list, expected);
    }

    #[test]
    fn ranges_survive_the_wire() {
        let set = Set::new(PORTS, [DataType::Port]).interval();
        let range = |first, last| Element::range(Value::port(first), Value::port(last));
        for ranges in [
            vec![range(0, 0)],
            vec![range(0, 65535)],
            vec![range(65535, 65535)],
            vec![range(1, 9), range(10, 19), range(20, 65535)],
            vec![range(0, 255), range(65534, 65535)],
        ] {
            assert_eq!(read_back(&written(&set, &ranges)), ranges);
        }
    }

    #[test]
    fn elements_that_do_not_fit_are_refused() {
        let set = Set::new(PORTS, [DataType::Port]);
        let map = Set::verdict_map(PORTS, [DataType::Port]);
        let refused = |set: &Set, element: Element| {
            put_element(&mut Vec::new(), set, &element, Purpose::Add).unwrap_err()
        };
        let port = || Element::new(Value::port(1));
        assert_eq!(refused(&set, Element::new(Ipv4Addr::LOCALHOST)), "its key is not as wide as the set's");
        assert_eq!(refused(&set, Element::range(Value::port(1), Value::port(2))), "the set holds no ranges");
        assert_eq!(refused(&map, port()), "the map needs a verdict");
        assert_eq!(refused(&set, port().value(Value::port(2))), "the set maps to nothing");
        let backwards = Element::range(Value::port(2), Value::port(1));
        assert_eq!(refused(&set.interval(), backwards), "the range ends before it begins");
    }
}
