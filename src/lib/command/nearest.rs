//! The word that was probably meant.

/// The first word of `valid`, in alphabetical order, that begins with `word`; or else the one with the smallest
/// distance from it, if that is at most a third of its length. `word` is in lower case; an empty one is near
/// nothing.
pub(super) fn nearest<'a>(
    word: &str,
    valid: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    if word.is_empty() {
        return None;
    }
    let half_typed = valid.clone().filter(|it| it.starts_with(word)).min();
    // Two letters in the wrong order are one mistake.
    let distances = valid.map(|it| (strsim::osa_distance(word, it), it));
    let (distance, near) = distances.min_by_key(|(distance, _)| *distance)?;
    half_typed.or((distance <= near.chars().count().div_ceil(3)).then_some(near))
}
