//! Addresses and address blocks.

use std::net::IpAddr;

use ipnet::IpNet;
use podfence_model::Cidr;

use super::at;
use crate::code::Code;
use crate::decode::Item;

/// An address block. Host bits are cleared with a note; see the module of peers for what is refused.
pub(crate) fn cidr(item: Item<'_>) -> Option<Cidr> {
    let text = item.text()?;
    match parse(text) {
        Ok(net) => {
            note_form(item, text, net);
            Some(Cidr::new(net))
        }
        Err(why) => {
            item.error(Code::InvalidCidr, format!("`{text}` is not an address block: {why}"), "");
            None
        }
    }
}

/// What the API server warns of (`GetWarningsForCIDR`), without what is refused here.
fn note_form(item: Item<'_>, text: &str, net: IpNet) {
    let usual = net.trunc().to_string();
    let finding = if net.addr() != net.network() {
        Code::HostBits.note(format!("`{text}` has bits set behind its prefix and means {usual}"))
    } else if text != usual {
        Code::NonCanonicalCidr.note(format!("`{text}` is usually written {usual}"))
    } else {
        return;
    };
    at(item, item.rewritten(finding, &usual));
}

fn parse(text: &str) -> Result<IpNet, String> {
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(match text.parse::<IpAddr>() {
            Ok(address) => format!("it has no prefix length, such as {}", IpNet::from(address)),
            Err(_) => "it should look like 10.0.0.0/8 or 2001:db8::/32".to_owned(),
        });
    };
    let address = parse_address(address)?;
    let max = if address.is_ipv4() { 32 } else { 128 };
    let canonical = !prefix.is_empty()
        && prefix.bytes().all(|b| b.is_ascii_digit())
        && (prefix == "0" || !prefix.starts_with('0'));
    let length = prefix.parse::<u8>().ok().filter(|n| canonical && *n <= max);
    let length =
        length.ok_or_else(|| format!("its prefix length `{prefix}` is not a number from 0 to {max}"))?;
    IpNet::new(address, length).map_err(|error| error.to_string())
}

fn parse_address(text: &str) -> Result<IpAddr, String> {
    match text.parse() {
        Ok(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_some() => {
            Err("it is an IPv4 address in IPv6 clothes, which readers take differently; write it as IPv4"
                .into())
        }
        Ok(address) => Ok(address),
        Err(_) if has_leading_zero(text) => {
            Err("a leading zero in it is decimal to some readers and octal to others".into())
        }
        Err(_) => Err(format!("`{text}` is not an IP address")),
    }
}

fn has_leading_zero(text: &str) -> bool {
    let octets: Vec<&str> = text.split('.').collect();
    let number = |o: &&str| !o.is_empty() && o.bytes().all(|b| b.is_ascii_digit());
    octets.len() == 4 && octets.iter().all(number) && octets.iter().any(|o| o.len() > 1 && o.starts_with('0'))
}

/// An IP address that must be one.
pub(crate) fn ip(item: Item<'_>) -> Option<IpAddr> {
    let text = item.text()?;
    parse_address(text)
        .map_err(|why| item.error(Code::InvalidAddress, format!("bad address `{text}`: {why}"), ""))
        .ok()
}
