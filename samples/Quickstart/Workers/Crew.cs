using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Quickstart;

/// <summary>The workers: starts them, writes down what they tell, stops them and leaves none behind.</summary>
internal sealed class Crew : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    private readonly Channel<WorkerEvent> _events = Channel.CreateUnbounded<WorkerEvent>();
    private readonly ConcurrentQueue<string> _failures = [];
    private readonly CancellationTokenSource _failed = new();
    private readonly Dictionary<string, IWorkerHandle> _workers = [];
    private readonly List<WorkerEvent> _record = [];
    private readonly Venue _venue;
    private readonly Board _board;
    private readonly Task _recording;

    public Crew(Venue venue, Board board)
    {
        _venue = venue;
        _board = board;
        _recording = RecordAsync();
    }

    /// <summary>Cancelled when a worker has failed.</summary>
    public CancellationToken Failed => _failed.Token;

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>All that the workers told; complete once they have stopped.</summary>
    public IReadOnlyList<WorkerEvent> Record => _record;

    public void Start(string name, bool sabotage)
    {
        var worker = _venue.StartWorker(name, sabotage, _events.Writer);
        _workers.Add(name, worker);
        _board.RunsAs(name, worker.RunsAs);
        _ = WatchAsync(worker);
    }

    public void Kill(string name) => _workers[name].Kill();

    public void Resign(string name) => _workers[name].Resign();

    /// <summary>Asks all to stop and waits; whoever does not come to an end has failed.</summary>
    public async Task StopAsync()
    {
        foreach (var worker in _workers.Values)
        {
            worker.Stop();
        }

        Task all = Task.WhenAll(_workers.Values.Select(static worker => worker.Completion));
        await all.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var worker in _workers.Values.Where(static worker => !worker.Completion.IsCompleted))
        {
            _failures.Enqueue($"worker {worker.Name} did not stop within {Patience.TotalSeconds} s");
        }

        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_workers.Values.Select(static worker => worker.DisposeAsync().AsTask()));
        _events.Writer.TryComplete();
        await _recording;
    }

    private async Task RecordAsync()
    {
        await foreach (var happened in _events.Reader.ReadAllAsync())
        {
            _record.Add(happened);
            _board.Apply(happened);
        }
    }

    private async Task WatchAsync(IWorkerHandle worker)
    {
        if (await worker.Completion is { } failure)
        {
            _failures.Enqueue(failure);
            await _failed.CancelAsync();
        }
    }
}
