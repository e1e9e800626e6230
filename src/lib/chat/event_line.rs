//! The line of an event: one for all readers, or with a part that differs from reader to reader.

use std::sync::Arc;

/// The line of an event, with the line feed that ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventLine {
    /// The same for all readers.
    Shared(Arc<str>),
    /// Each reader gets a letter of their own in it; those who have none do not get the line.
    Lettered(Arc<LetteredLine>),
}

/// A line in three parts: head and tail are the same for all, the letter between them is not. All letters
/// have the same length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LetteredLine {
    head: Arc<str>,
    tail: Arc<str>,
    /// Whose letters there are, in rising order.
    numbers: Box<[u32]>,
    /// The letters in the order of `numbers`, in one text without separators.
    letters: Box<str>,
}

impl EventLine {
    /// Bytes of the line as one reader gets it.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Shared(line) => line.len(),
            Self::Lettered(line) => line.head.len() + line.letter_length() + line.tail.len(),
        }
    }

    /// Bytes that the line takes in the ring.
    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Self::Shared(line) => line.len(),
            Self::Lettered(line) => {
                line.head.len() + line.tail.len() + line.letters.len() + size_of_val(&*line.numbers)
            }
        }
    }

    /// The line for this reader, in pieces; none if the reader has no letter.
    pub(crate) fn into_pieces_for(self, number: u32) -> Vec<Arc<str>> {
        match self {
            Self::Shared(line) => vec![line],
            Self::Lettered(line) => match line.letter(number) {
                Some(letter) => vec![Arc::clone(&line.head), letter.into(), Arc::clone(&line.tail)],
                None => Vec::new(),
            },
        }
    }
}

impl From<Arc<str>> for EventLine {
    fn from(line: Arc<str>) -> Self {
        Self::Shared(line)
    }
}

impl From<LetteredLine> for EventLine {
    fn from(line: LetteredLine) -> Self {
        Self::Lettered(Arc::new(line))
    }
}

impl LetteredLine {
    /// A line with one letter for each number; the letters are of one length. If a number is there twice,
    /// the last letter counts.
    pub(crate) fn new(
        head: String,
        letters: impl IntoIterator<Item = (u32, String)>,
        tail: String,
    ) -> Self {
        let letters = std::collections::BTreeMap::from_iter(letters);
        Self {
            head: head.into(),
            tail: tail.into(),
            numbers: letters.keys().copied().collect(),
            letters: letters.into_values().collect::<String>().into(),
        }
    }

    /// The letter of this reader, if there is one.
    pub(crate) fn letter(&self, number: u32) -> Option<&str> {
        let index = self.numbers.binary_search(&number).ok()?;
        let length = self.letter_length();
        self.letters.get(index * length..(index + 1) * length)
    }

    fn letter_length(&self) -> usize {
        self.letters.len().checked_div(self.numbers.len()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_reader_gets_their_own_letter_or_no_line(
            numbers in proptest::collection::btree_set(0_u32..50, 0..20),
            reader in 0_u32..50,
        ) {
            let letters = numbers.iter().rev().map(|number| (*number, format!("{number:04}")));
            let line = EventLine::from(LetteredLine::new("<".into(), letters, ">\n".into()));
            let read = line.clone().into_pieces_for(reader).concat();
            let expected = if numbers.contains(&reader) { format!("<{reader:04}>\n") } else { String::new() };
            prop_assert_eq!(&read, &expected);
            prop_assert!(read.is_empty() || read.len() == line.len());
        }
    }
}
