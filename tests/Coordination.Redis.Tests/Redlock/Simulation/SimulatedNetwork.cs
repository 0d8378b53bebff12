using Coordination.Conformance;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>One thread, one clock, and what is to happen when: the same seed gives the same schedule.</summary>
internal sealed class SimulatedNetwork(int seed)
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile bool _isLeft;
    private long _order;

    public Random Random { get; } = new(seed);

    public ManualClock Clock { get; } = new();

    /// <summary>Cut ways, from a client to a master.</summary>
    public HashSet<(int Client, int Master)> Cut { get; } = [];

    /// <summary>When the work begins, but for the time that the masters need to be admitted.</summary>
    public TimeSpan Begin { get; set; }

    /// <summary>When the schedule is over.</summary>
    public TimeSpan End { get; set; }

    public double LossRate { get; set; }

    public double LateRate { get; set; }

    public TimeSpan Now => TimeSpan.FromTicks(Clock.GetTimestamp());

    public void After(TimeSpan delay, Action action)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            _isLeft = true;
            throw Left();
        }

        _events.Enqueue(action, ((Now + delay).Ticks, _order++));
    }

    /// <summary>How long a message takes: mostly little, now and then longer than a lease.</summary>
    public TimeSpan Delay() => TimeSpan.FromMilliseconds(
        Random.NextDouble() < LateRate ? 20 + (Random.NextDouble() * 600) : 0.2 + (Random.NextDouble() * 3));

    /// <summary>When something befalls the masters: neither before the first leases nor after the last.</summary>
    public TimeSpan Moment() => Begin + ((End - Begin) * (0.1 + (0.8 * Random.NextDouble())));

    public bool IsLost(int client, int master) => Cut.Contains((client, master)) || Random.NextDouble() < LossRate;

    public Task DelayAsync(TimeSpan delay)
    {
        var done = new TaskCompletionSource();
        After(delay, done.SetResult);
        return done.Task;
    }

    public void Run()
    {
        var until = End;
        while (Now < until)
        {
            var next = _events.TryPeek(out _, out var first) ? TimeSpan.FromTicks(first.At) : until;
            next = next < until ? next : until;
            if (Clock.NextDue is { } due && Now + due < next)
            {
                Clock.Advance(due);
                continue;
            }

            if (next > Now)
            {
                Clock.Advance(next - Now);
            }

            while (_events.TryPeek(out var action, out first) && first.At <= Now.Ticks)
            {
                _events.Dequeue();
                action();
            }
        }

        // Whoever it was thrown at may have been waited for by nobody.
        if (_isLeft)
        {
            throw Left();
        }
    }

    private static InvalidOperationException Left() => new("The code under test left the thread of the simulation.");
}
