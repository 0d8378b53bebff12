namespace Quickstart;

/// <summary>The display for logs and pipes: each piece of news once, and once a second who holds and who waits.</summary>
internal sealed class PlainLines(Board board) : IDisplay
{
    private int _shown;

    public async Task RunAsync(CancellationToken stop)
    {
        Console.WriteLine($"Meeting at {board.Venue.Description}");
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            ShowNews();
            if (round % 10 == 9)
            {
                Console.WriteLine(
                    $"{board.Elapsed.TotalSeconds,5:0.0} s    {string.Join("  ", Setting.Resources.Select(Describe)).TrimEnd()}");
            }

            await Task.Delay(100, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ShowNews();
    }

    private void ShowNews()
    {
        foreach (var line in board.Read((_, news) => news.Skip(_shown).ToList()))
        {
            Console.WriteLine(line);
            _shown++;
        }
    }

    private string Describe(string resource)
    {
        var queue = board.QueueOf(resource);
        return $"{resource} {string.Join('+', queue.Holders),-5} <- {string.Join(' ', queue.Waiters),-11}";
    }
}
