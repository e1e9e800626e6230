//! The word that was probably meant.

/// The word of `valid` with the smallest distance from `word`, if that is at most a third of its length, or
/// else the first one that begins with `word`. `word` is in lower case.
pub(super) fn nearest<'a>(
    word: &str,
    valid: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    // Two letters in the wrong order are one mistake.
    let distances = valid.clone().map(|it| (strsim::osa_distance(word, it), it));
    let (distance, near) = distances.min_by_key(|(distance, _)| *distance)?;
    if distance <= near.chars().count().div_ceil(3) {
        return Some(near);
    }
    valid.filter(|it| !word.is_empty() && it.starts_with(word)).min()
}
