use super::args::ExplainArgs;
use super::exit::Exit;
pub(super) fn explain(_: &ExplainArgs) -> Exit { Exit::Fine }
