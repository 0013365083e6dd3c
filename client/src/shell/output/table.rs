//! Columns that line up.

/// Lines of cells under a header. Columns marked `<` are flush left, those marked `>` flush right; the mark is
/// the first character of the header's cell.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let (marks, titles): (Vec<_>, Vec<_>) =
        header.iter().map(|cell| (cell.starts_with('>'), cell.trim_start_matches(['<', '>']))).unzip();
    let widths: Vec<usize> = titles
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([title.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).zip(&marks).map(|((cell, &width), &right)| {
            if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        let line = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    let head = line(&mut titles.iter().copied());
    rows.iter().fold(head, |lines, row| lines + &line(&mut row.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_have_no_blanks_at_the_end() {
        let rows = [["a", "1000", "é"], ["bcd", "1", "x"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&["<id", ">n", "<name"], &rows), "id      n  name\na    1000  é\nbcd     1  x\n");
    }
}
