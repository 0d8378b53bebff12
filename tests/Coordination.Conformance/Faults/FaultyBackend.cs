using System.Collections.Concurrent;
using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>
/// A backend around the one under test, that counts its calls and makes the next one of a kind go wrong: to the letter of the SPI,
/// so that what the engine does about it can be tested on every backend alike. (What the driver does about a broken wire is tested with
/// <see cref="BackendConnection"/>.)
/// </summary>
public sealed class FaultyBackend(ICoordinationBackend inner) : ICoordinationBackend
{
    private readonly ConcurrentDictionary<Call, ConcurrentQueue<HeldCall>> _faults = new();
    private readonly int[] _counts = new int[Enum.GetValues<Call>().Length];
    private readonly int[] _underWay = new int[Enum.GetValues<Call>().Length];
    private readonly ConcurrentQueue<Action> _heldHints = new();
    private volatile HintFault _hints;

    public BackendDescription Description => inner.Description;

    /// <summary>What happens to hints from now on.</summary>
    public HintFault Hints
    {
        get => _hints;
        set => _hints = value;
    }

    /// <summary>How many calls of a kind were made.</summary>
    public int Count(Call call) => Volatile.Read(ref _counts[(int)call]);

    /// <summary>How many calls of a kind have no answer yet.</summary>
    public int UnderWay(Call call) => Volatile.Read(ref _underWay[(int)call]);

    /// <summary>The next call of a kind is not sent, and fails as transient.</summary>
    public HeldCall RefuseNext(Call call) => Set(call, FaultKind.Refuse);

    /// <summary>The next call of a kind is applied, but its reply is lost.</summary>
    public HeldCall LoseReplyOfNext(Call call) => Set(call, FaultKind.LoseReply);

    /// <summary>The next call of a kind stays under way to the server until it is opened.</summary>
    public HeldCall HoldNext(Call call) => Set(call, FaultKind.HoldRequest);

    /// <summary>The next call of a kind is applied, and its reply stays under way until it is opened.</summary>
    public HeldCall HoldReplyOfNext(Call call) => Set(call, FaultKind.HoldReply);

    /// <summary>Delivers the hints held back by <see cref="HintFault.Hold"/>: late, and in their order.</summary>
    public void DeliverHeldHints()
    {
        while (_heldHints.TryDequeue(out var hint))
        {
            hint();
        }
    }

    public async ValueTask<IBackendSession> OpenSessionAsync(SessionRequest request, ISessionListener listener, CancellationToken cancellationToken) =>
        new FaultySession(this, await RunAsync(
            Call.OpenSession,
            token => inner.OpenSessionAsync(request, new FaultyListener(this, listener), token),
            cancellationToken));

    public ValueTask<ResourceSnapshot> InspectAsync(string resource, bool holdersOnly, CancellationToken cancellationToken) =>
        RunAsync(Call.Inspect, token => inner.InspectAsync(resource, holdersOnly, token), cancellationToken);

    public ValueTask<IAsyncDisposable> WatchAsync(string resource, Action changed, CancellationToken cancellationToken) =>
        RunAsync(Call.Watch, token => inner.WatchAsync(resource, () => Hint(changed), token), cancellationToken);

    public ValueTask<TimeSpan?> MaintainAsync(CancellationToken cancellationToken) =>
        RunAsync(Call.Maintain, inner.MaintainAsync, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    internal async ValueTask<T> RunAsync<T>(Call call, Func<CancellationToken, ValueTask<T>> send, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _counts[(int)call]);
        Interlocked.Increment(ref _underWay[(int)call]);
        try
        {
            return await SendAsync(call, send, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay[(int)call]);
        }
    }

    private async ValueTask<T> SendAsync<T>(Call call, Func<CancellationToken, ValueTask<T>> send, CancellationToken cancellationToken)
    {
        if (!_faults.TryGetValue(call, out var queue) || !queue.TryDequeue(out var fault))
        {
            return await send(cancellationToken);
        }

        switch (fault.Kind)
        {
            case FaultKind.Refuse:
                fault.Arrive();
                fault.Complete();
                throw new CoordinationException($"Test: {call} was not sent.", isTransient: true);
            case FaultKind.LoseReply:
                await SendAsync(fault, send);
                fault.Arrive();
                throw new CoordinationException($"Test: the reply of {call} was lost.", isTransient: true);
            case FaultKind.HoldRequest:
                fault.Arrive();
                return await SendWhenOpenAsync(fault, send).WaitAsync(cancellationToken);
            default:
                return await AnswerWhenOpenAsync(fault, send).WaitAsync(cancellationToken);
        }
    }

    internal void Hint(Action hint)
    {
        switch (_hints)
        {
            case HintFault.None:
                hint();
                break;
            case HintFault.Twice:
                hint();
                hint();
                break;
            case HintFault.Hold:
                _heldHints.Enqueue(hint);
                break;
            case HintFault.Drop:
                break;
        }
    }

    private HeldCall Set(Call call, FaultKind kind)
    {
        var fault = new HeldCall { Kind = kind };
        _faults.GetOrAdd(call, _ => new()).Enqueue(fault);
        return fault;
    }

    // What is under way is applied even if its caller has left, so the caller's token does not go with it.
    private static async Task<T> SendAsync<T>(HeldCall fault, Func<CancellationToken, ValueTask<T>> send)
    {
        try
        {
            return await send(CancellationToken.None);
        }
        finally
        {
            fault.Complete();
        }
    }

    private static async Task<T> SendWhenOpenAsync<T>(HeldCall fault, Func<CancellationToken, ValueTask<T>> send)
    {
        await fault.Opened;
        return await SendAsync(fault, send);
    }

    private static async Task<T> AnswerWhenOpenAsync<T>(HeldCall fault, Func<CancellationToken, ValueTask<T>> send)
    {
        var reply = await SendAsync(fault, send);
        fault.Arrive();
        await fault.Opened;
        return reply;
    }
}

/// <summary>What happens to hints: they may come late, twice or never, and all must go well.</summary>
public enum HintFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each comes twice.</summary>
    Twice,

    /// <summary>They are late: they come when the test says so.</summary>
    Hold,

    /// <summary>They never come.</summary>
    Drop,
}
