using System.Text;

namespace Coordination.Benchmarks.Reporting;

/// <summary>A report for people: tables and charts, with where they were made.</summary>
internal sealed class MarkdownReport
{
    private readonly StringBuilder _text = new();

    public void Heading(string text, int level = 2) => _text.Append('#', level).Append(' ').AppendLine(text).AppendLine();

    public void Paragraph(string text) => _text.AppendLine(text).AppendLine();

    public void List(IEnumerable<string> items)
    {
        foreach (var item in items)
        {
            _text.Append("- ").AppendLine(item);
        }

        _text.AppendLine();
    }

    public void Add(Table table)
    {
        Heading(table.Title, 3);
        Row(table.Columns);
        Row([.. table.Columns.Select(static (_, i) => i == 0 ? "---" : "---:")]);
        foreach (var row in table.Rows)
        {
            Row(row);
        }

        _text.AppendLine();
    }

    public void Chart(string title, string file) => _text.AppendLine($"![{title}]({file})").AppendLine();

    public override string ToString() => _text.ToString();

    private void Row(IEnumerable<string> cells) =>
        _text.Append("| ").AppendJoin(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).AppendLine(" |");
}
