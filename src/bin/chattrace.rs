//! `chattrace`: see [`chattrace::supervisor_main`].

fn main() -> std::process::ExitCode {
    chattrace::supervisor_main()
}
