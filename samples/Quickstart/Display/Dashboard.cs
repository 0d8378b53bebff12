using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quickstart;

/// <summary>The display for terminals: tables that change in place.</summary>
internal sealed class Dashboard(Board board) : IDisplay
{
    private const int NewsLines = 8;

    public static bool IsPossible =>
        !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Interactive: true, Ansi: true };

    public Task RunAsync(CancellationToken stop) => AnsiConsole.Live(Draw()).StartAsync(async live =>
    {
        while (!stop.IsCancellationRequested)
        {
            live.UpdateTarget(Draw());
            await Task.Delay(100, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        live.UpdateTarget(Draw());
    });

    private Rows Draw() => new(
        new Markup($"[bold]Quickstart[/]  {board.Elapsed.TotalSeconds:0.0} s  [grey]{Markup.Escape(board.Venue.Description)}[/]"),
        Queues(),
        Workers(),
        News());

    private Table Queues()
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("resource", "held by", "waiting, in order", "fencing token");
        foreach (var resource in Setting.Resources)
        {
            var queue = board.QueueOf(resource);
            table.AddRow(
                new Text(resource),
                new Text(string.Join(' ', queue.Holders), new Style(Color.Green)),
                new Text(string.Join(' ', queue.Waiters), new Style(Color.Yellow)),
                new Text(resource == Setting.Semaphore ? "" : $"{queue.Token}"));
        }

        table.Columns[1].Width(12);
        table.Columns[2].Width(24);
        table.Columns[3].Width(18);
        return table;
    }

    private Table Workers()
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("worker", "runs as", "state", "locks", "permits", "terms", "last token");
        board.Read((rows, _) =>
        {
            foreach (var row in rows)
            {
                var state = row.State == board.Venue.HowLeadersEnd
                    ? new Text(row.State, new Style(Color.Red))
                    : row.Term is not null ? new Text("leads", new Style(Color.Green, decoration: Decoration.Bold)) : new Text(row.State);
                table.AddRow(
                    new Text(row.Name), new Text(row.RunsAs), state, Number(row.Locks), Number(row.Permits), Number(row.Terms), new Text($"{row.LastToken}"));
            }

            return true;
        });
        return table;
    }

    private Rows News() => new(board.Read((_, news) =>
        news.TakeLast(NewsLines).Select(static line => (IRenderable)new Text(line)).ToList()));

    private static Text Number(int number) => new($"{number}", new Style()) { Justification = Justify.Right };
}
