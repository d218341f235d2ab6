use podfence_lab::sandbox;
use podfence_netlink::nft::*;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

fn addr(n: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + n).into()
}
fn pct(mut v: Vec<Duration>) -> String {
    v.sort();
    format!("p50 {:?} p90 {:?}", v[v.len() / 2], v[v.len() * 9 / 10])
}

fn main() {
    sandbox::enter().unwrap();
    let mut nft = Nftables::open().unwrap();
    let t = Table::new(Family::Inet, Name::new("t".to_string()).unwrap());
    for sets in [11u32, 1000, 4000] {
        let mut b = Batch::new();
        b.create_table(&t, None);
        let mk = |n: u32| Set::new(Name::new(format!("s{n}")).unwrap(), [DataType::Ipv4]);
        nft.commit(&b).unwrap();
        let mut b = Batch::new();
        for n in 0..sets {
            b.create_set(&t, &mk(n)).unwrap();
            let c = Chain::regular(Name::new(format!("c{n}")).unwrap());
            b.create_chain(&t, &c);
            b.add_rule(&t, &c.name, &Rule::new().in_set(&[Load::IP_SADDR], &mk(n).name).ret()).unwrap();
        }
        nft.commit(&b).unwrap();
        for n in 0..11 {
            nft.preload(&t, &mk(n), (0..100_000).map(|i| Element::new(addr(i)))).unwrap();
        }
        std::thread::sleep(Duration::from_millis(300));
        for k in [1u32, 11] {
            let (mut add, mut del) = (vec![], vec![]);
            for i in 0..2000 {
                let e = addr(200_000 + i);
                let mut b = Batch::new();
                for n in 0..k {
                    b.add_elements(&t, &mk(n), [Element::new(e)]).unwrap();
                }
                let s = Instant::now();
                nft.commit(&b).unwrap();
                add.push(s.elapsed());
                let mut b = Batch::new();
                for n in 0..k {
                    b.delete_elements(&t, &mk(n), [Element::new(e)]).unwrap();
                }
                let s = Instant::now();
                nft.commit(&b).unwrap();
                del.push(s.elapsed());
            }
            println!("{sets} sets, {k} elements: add {} del {}", pct(add), pct(del));
        }
        let mut b = Batch::new();
        b.delete_table(&t);
        nft.commit(&b).unwrap();
    }
    for size in [None, Some(256_000u32)] {
        for r in 0..3 {
            let mut b = Batch::new();
            b.create_table(&t, None);
            let mut set = Set::new(Name::new("s".to_string()).unwrap(), [DataType::Ipv4]);
            set.size = size;
            b.create_set(&t, &set).unwrap();
            nft.commit(&b).unwrap();
            let s = Instant::now();
            let mut it = (0..256_000).map(|i| Element::new(addr(i)));
            let mut batches = vec![];
            loop {
                let mut b = Batch::new();
                b.add_elements_within(&t, &set, &mut it, 4 << 20).unwrap();
                if b.is_empty() {
                    break;
                }
                batches.push(b);
            }
            let enc = s.elapsed();
            let s = Instant::now();
            for b in &batches {
                nft.commit(b).unwrap();
            }
            println!(
                "size {size:?} round {r} encode {enc:?} commit {:?} in {} batches",
                s.elapsed(),
                batches.len()
            );
            let mut b = Batch::new();
            b.delete_table(&t);
            let s = Instant::now();
            nft.commit(&b).unwrap();
            println!("delete {:?}", s.elapsed());
        }
    }
}
