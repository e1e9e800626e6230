//! The grammar, from the outside: lines in, commands or sentences out.

mod bad_lines;
mod completion;
mod grammar;
mod people;
mod table;
