use proptest::prelude::*;

use super::regions::{self, REGION_BYTES};

/// The bytes at an address that was freed.
fn freed(memory: *const u8, bytes: usize) -> Vec<u8> {
    // SAFETY: the regions of the heap stay mapped while the test runs, and a byte may have any value.
    (0..bytes).map(|at| unsafe { memory.add(at).read_volatile() }).collect()
}

/// How often `byte` occurs four times in a row: a pattern that no other thread's data has.
fn runs(memory: &[u8], byte: u8) -> usize {
    memory.windows(4).filter(|window| window.iter().all(|found| *found == byte)).count()
}

#[test]
fn freed_memory_is_overwritten() {
    for bytes in [16, 100, 4096, 100_000] {
        let text = vec![0xa7_u8; bytes];
        let at = text.as_ptr();
        assert_eq!(runs(&freed(at, bytes), 0xa7), bytes - 3);
        drop(text);
        assert_eq!(runs(&freed(at, bytes), 0xa7), 0, "{bytes}");
    }
}

#[test]
fn reallocated_memory_leaves_no_copy() {
    let mut text = vec![0xb9_u8; 3000];
    let first = text.as_ptr();
    // An obstacle behind it, so that it cannot grow in place.
    let wall = vec![1_u8; 3000];
    text.reserve_exact(200_000);
    if text.as_ptr() != first {
        assert_eq!(runs(&freed(first, 3000), 0xb9), 0);
    }
    text.truncate(10);
    text.shrink_to_fit();
    assert_eq!(runs(&freed(text.as_ptr().wrapping_add(16), 2900), 0xb9), 0);
    drop(wall);
}

#[test]
fn regions_are_kept_out_of_core_dumps_and_counted() {
    let text = vec![1_u8; 3 * REGION_BYTES];
    let (mapped, locked) = regions::size();
    assert!(mapped >= 3 * REGION_BYTES && locked <= mapped);
    let address = text.as_ptr() as usize;
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    // Each paragraph begins with the range of addresses (proc(5)).
    let within = |line: &str| {
        let (from, to) = line.split_once(' ')?.0.split_once('-')?;
        let from = usize::from_str_radix(from, 16).ok()?;
        let to = usize::from_str_radix(to, 16).ok()?;
        Some((from..to).contains(&address))
    };
    let mut lines = maps.lines().skip_while(|line| within(line) != Some(true));
    let flags = lines.find(|line| line.starts_with("VmFlags:")).unwrap();
    assert!(flags.contains(" dd"), "do not dump: {flags}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// In any order of allocating, growing, shrinking and freeing, live allocations keep their bytes.
    #[test]
    fn live_memory_is_never_overwritten(
        steps in prop::collection::vec((0u8..4, 0usize..16, 1usize..40_000), 1..120),
    ) {
        let mut live: Vec<(u8, Vec<u8>)> = Vec::new();
        for (number, (kind, which, bytes)) in steps.into_iter().enumerate() {
            let fill = u8::try_from(number % 251).unwrap();
            match (kind, live.len()) {
                (0, _) | (_, 0) => live.push((fill, vec![fill; bytes])),
                (1, count) => {
                    let (fill, text) = &mut live[which % count];
                    text.resize(bytes, *fill);
                }
                (2, count) => live[which % count].1.shrink_to_fit(),
                (_, count) => drop(live.swap_remove(which % count)),
            }
            for (fill, text) in &live {
                prop_assert!(text.iter().all(|byte| byte == fill));
            }
        }
    }
}
