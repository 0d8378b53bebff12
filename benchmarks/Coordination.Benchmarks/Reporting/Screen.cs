using Spectre.Console;

namespace Coordination.Benchmarks.Reporting;

/// <summary>What the user sees: progress and tables at a terminal, plain lines when piped.</summary>
internal static class Screen
{
    private static bool IsPlain => Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive;

    public static void Line(string text)
    {
        if (IsPlain)
        {
            Console.WriteLine(text);
        }
        else
        {
            AnsiConsole.WriteLine(text);
        }
    }

    /// <summary>Does a piece of work that says how far it is. Drawn only when it says so: a spinner of its own would be measured too.</summary>
    public static async Task<T> StepAsync<T>(string what, Func<Action<double>, Task<T>> work)
    {
        if (IsPlain)
        {
            Console.WriteLine($"… {what}");
            return await work(static _ => { });
        }

        return await AnsiConsole.Progress().AutoRefresh(false).AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(what));
                context.Refresh();
                return await work(part =>
                {
                    // Not more often than can be seen.
                    if (part >= 1 || (part * 100) - task.Value >= 1)
                    {
                        task.Value = part * 100;
                        context.Refresh();
                    }
                });
            });
    }

    /// <summary>Shows a table, and returns it for a report.</summary>
    public static Table Table(string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table(title, columns, [.. rows]);
        if (IsPlain)
        {
            ShowPlain(table);
        }
        else
        {
            Show(table);
        }

        return table;
    }

    private static void Show(Table table)
    {
        var shown = new Spectre.Console.Table().Title(Markup.Escape(table.Title)).Border(TableBorder.Rounded);
        foreach (var (name, index) in table.Columns.Select(static (name, index) => (name, index)))
        {
            var column = new TableColumn(Markup.Escape(name));
            shown.AddColumn(index == 0 ? column : column.RightAligned());
        }

        foreach (var row in table.Rows)
        {
            shown.AddRow([.. row.Select(static cell => new Markup(Colour(Markup.Escape(cell))))]);
        }

        AnsiConsole.Write(shown);
    }

    private static string Colour(string cell) => cell switch
    {
        "ok" => "[green]ok[/]",
        "missed" => "[red]missed[/]",
        _ => cell,
    };

    private static void ShowPlain(Table table)
    {
        var widths = table.Columns.Select((name, i) => table.Rows.Select(row => row[i].Length).Append(name.Length).Max()).ToList();
        Console.WriteLine();
        Console.WriteLine(table.Title);
        foreach (var row in table.Rows.Prepend(table.Columns))
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());
        }
    }
}
