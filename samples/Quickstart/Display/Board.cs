using Coordination;

namespace Quickstart;

/// <summary>What is known of one worker.</summary>
internal sealed class WorkerRow(string name)
{
    public string Name => name;

    public string RunsAs { get; set; } = "";

    public string State { get; set; } = "starts";

    public int Locks { get; set; }

    public int Permits { get; set; }

    public int Terms { get; set; }

    public FencingToken? LastToken { get; set; }

    /// <summary>The token of the term that goes on, if this worker believes that it leads.</summary>
    public FencingToken? Term { get; set; }
}

/// <summary>One resource's queue, by the names of its holders and waiters.</summary>
internal sealed record QueueView(IReadOnlyList<string> Holders, IReadOnlyList<string> Waiters, FencingToken? Token)
{
    public static QueueView Empty { get; } = new([], [], null);

    public static QueueView Of(ResourceStatus status) => new(
        [.. status.Holders.Select(static claim => claim.Value)],
        [.. status.Waiters.Select(static claim => claim.Value)],
        status.Holders.LastOrDefault()?.FencingToken);
}

/// <summary>What an observer sees of the run. Written from several sides, read by whichever display there is.</summary>
internal sealed class Board(IEnumerable<string> workers, Venue venue)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, WorkerRow> _rows = new(workers.ToDictionary(static name => name, static name => new WorkerRow(name)));
    private readonly Dictionary<string, QueueView> _queues = [];
    private readonly List<string> _news = [];
    private readonly long _started = TimeProvider.System.GetTimestamp();

    public Venue Venue => venue;

    public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_started);

    /// <summary>Reads or writes the rows, alone.</summary>
    public T Read<T>(Func<IReadOnlyCollection<WorkerRow>, IReadOnlyList<string>, T> read)
    {
        lock (_gate)
        {
            return read(_rows.Values, _news);
        }
    }

    public QueueView QueueOf(string resource)
    {
        lock (_gate)
        {
            return _queues.GetValueOrDefault(resource, QueueView.Empty);
        }
    }

    public bool EverybodyHadTheLock()
    {
        lock (_gate)
        {
            return _rows.Values.All(static row => row.Locks > 0);
        }
    }

    /// <summary>Whether the worker itself believes that it leads.</summary>
    public bool Leads(string worker, FencingToken token)
    {
        lock (_gate)
        {
            return _rows.TryGetValue(worker, out var row) && row.Term == token;
        }
    }

    public void Show(ResourceStatus status)
    {
        lock (_gate)
        {
            _queues[status.Name] = QueueView.Of(status);
        }
    }

    public void RunsAs(string worker, string what)
    {
        lock (_gate)
        {
            _rows[worker].RunsAs = what;
        }

        Say($"{worker} starts as {what}");
    }

    public void Say(string news)
    {
        var line = $"{Elapsed.TotalSeconds,5:0.0} s  {news}";
        lock (_gate)
        {
            _news.Add(line);
        }
    }

    public void Apply(WorkerEvent happened)
    {
        lock (_gate)
        {
            var row = _rows[happened.Worker];
            row.State = happened.Kind switch
            {
                EventKind.Started => "works",
                EventKind.Killed => venue.HowLeadersEnd,
                EventKind.Stopped => "stopped",
                _ => row.State,
            };
            if (happened is { Detail: Setting.Election, Kind: EventKind.Entered or EventKind.Left or EventKind.Lost })
            {
                row.Term = happened.Kind == EventKind.Entered ? happened.Token : null;
            }

            if (happened.Kind == EventKind.Entered)
            {
                row.Locks += happened.Detail == Setting.Lock ? 1 : 0;
                row.Permits += happened.Detail == Setting.Semaphore ? 1 : 0;
                row.Terms += happened.Detail == Setting.Election ? 1 : 0;
                row.LastToken = happened.Token ?? row.LastToken;
            }
        }

        if (happened.Kind == EventKind.Lost)
        {
            Say($"{happened.Worker} was told that its lease on the {happened.Detail} is lost, and left");
        }
        else if (happened.Kind == EventKind.Trouble)
        {
            Say($"{happened.Worker} has trouble: {happened.Detail}");
        }
    }
}
