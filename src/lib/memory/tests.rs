use super::*;
use proptest::prelude::*;

/// What lies at an address that was freed.
fn left(memory: *const u8, bytes: usize) -> Vec<u8> {
    // SAFETY: the regions of the heap stay mapped while the test thread lives, and bytes of any
    // value may be read.
    (0..bytes).map(|at| unsafe { memory.add(at).read_volatile() }).collect()
}

/// How often `byte` stands four times in a row: once in a while another thread gets the same memory,
/// and whatever that writes is not this.
fn runs(memory: &[u8], byte: u8) -> usize {
    memory.windows(4).filter(|window| window.iter().all(|found| *found == byte)).count()
}

#[test]
fn what_is_freed_is_overwritten() {
    for bytes in [16, 100, 4096, 100_000] {
        let text = vec![0xa7_u8; bytes];
        let at = text.as_ptr();
        assert_eq!(runs(&left(at, bytes), 0xa7), bytes - 3);
        drop(text);
        assert_eq!(runs(&left(at, bytes), 0xa7), 0, "{bytes}");
    }
}

#[test]
fn what_grows_or_shrinks_leaves_no_copy() {
    let mut text = vec![0xb9_u8; 3000];
    let first = text.as_ptr();
    // In the way, so that it cannot grow where it is.
    let wall = vec![1_u8; 3000];
    text.reserve_exact(200_000);
    if text.as_ptr() != first {
        assert_eq!(runs(&left(first, 3000), 0xb9), 0);
    }
    text.truncate(10);
    text.shrink_to_fit();
    assert_eq!(runs(&left(text.as_ptr().wrapping_add(16), 2900), 0xb9), 0);
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

    /// Whatever is allocated, grown, shrunk and freed in whatever order: what lives keeps its bytes.
    #[test]
    fn what_lives_is_left_alone(
        steps in prop::collection::vec((0u8..4, 0usize..16, 1usize..40_000), 1..120),
    ) {
        let mut lives: Vec<(u8, Vec<u8>)> = Vec::new();
        for (number, (kind, which, bytes)) in steps.into_iter().enumerate() {
            let fill = u8::try_from(number % 251).unwrap();
            match (kind, lives.len()) {
                (0, _) | (_, 0) => lives.push((fill, vec![fill; bytes])),
                (1, count) => {
                    let (fill, text) = &mut lives[which % count];
                    text.resize(bytes, *fill);
                }
                (2, count) => lives[which % count].1.shrink_to_fit(),
                (_, count) => drop(lives.swap_remove(which % count)),
            }
            for (fill, text) in &lives {
                prop_assert!(text.iter().all(|byte| byte == fill));
            }
        }
    }
}
