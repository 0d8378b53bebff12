using Coordination.Backends;

namespace Coordination.Redis;

/// <summary>
/// What masters have to be told that did not answer (rule 17): kept until they have, or until it has ended by itself. The engine says when to try again.
/// </summary>
/// <remarks>A master that is silent is asked with one call at a time, and ever less often: what a frozen one is sent it has to work through when it wakes.</remarks>
internal sealed class RedlockOwed(RedlockBackend backend)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Debts[] _debts = [.. Enumerable.Range(0, backend.Masters.Count).Select(static _ => new Debts())];

    /// <summary>How many calls are owed.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _debts.Sum(static debts => debts.Calls.Count);
            }
        }
    }

    /// <summary>A call that a master did not answer.</summary>
    /// <param name="master">The master.</param>
    /// <param name="call">The call.</param>
    public void Add(int master, Call call)
    {
        lock (_gate)
        {
            _debts[master].Calls.Add(call);
        }
    }

    /// <summary>Sends a call to one master, in the background, and owes it if it is not answered.</summary>
    /// <param name="master">The master.</param>
    /// <param name="call">The call.</param>
    /// <param name="listener">Whose engine is to call for maintenance.</param>
    public void Send(int master, Call call, ISessionListener listener) => _ = SendAsync(master, call, listener);

    /// <summary>Sends a call to one master, in the background; what comes of it is not looked at.</summary>
    /// <param name="master">The master.</param>
    /// <param name="script">The script.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="operation">For errors.</param>
    /// <param name="resource">For errors.</param>
    public void SendOnce(int master, RedisScript script, RedisArguments arguments, string operation, string resource) =>
        _ = TryAsync(master, new Call(script, arguments, operation, resource, TimeSpan.MaxValue, Claim: null), CancellationToken.None);

    /// <summary>A master may answer again: what is owed to it is tried at once.</summary>
    /// <param name="master">The master.</param>
    /// <returns>Whether anything is owed to it.</returns>
    public bool Restored(int master)
    {
        lock (_gate)
        {
            (_debts[master].Failures, _debts[master].NextAt) = (0, TimeSpan.Zero);
            return _debts[master].Calls.Count > 0;
        }
    }

    /// <summary>Tries what is owed.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>When to try again, or <see langword="null"/> when nothing is owed any more.</returns>
    public async ValueTask<TimeSpan?> PayAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, _debts.Length).Select(master => PayAsync(master, cancellationToken))).ConfigureAwait(false);
        TimeSpan? next = null;
        lock (_gate)
        {
            foreach (var debts in _debts)
            {
                var wait = debts.NextAt - backend.Now;
                if (debts.Calls.Count > 0 && !(next <= wait))
                {
                    next = wait;
                }
            }
        }

        return next < FirstDelay ? FirstDelay : next;
    }

    private async Task PayAsync(int master, CancellationToken cancellationToken)
    {
        var debts = _debts[master];
        Call[] calls;
        lock (_gate)
        {
            debts.Calls.RemoveAll(call => call.Until <= backend.Now || call.IsVoid);
            if (debts.Calls.Count == 0 || debts.NextAt > backend.Now)
            {
                return;
            }

            calls = [.. debts.Calls];
        }

        // The first tells whether it answers; the others follow together.
        var paid = new List<Call>();
        if (await TryAsync(master, calls[0], cancellationToken).ConfigureAwait(false))
        {
            paid.Add(calls[0]);
            var answered = await Task.WhenAll(calls.Skip(1).Select(call => TryAsync(master, call, cancellationToken))).ConfigureAwait(false);
            paid.AddRange(calls.Skip(1).Where((_, i) => answered[i]));
        }

        lock (_gate)
        {
            var done = paid.ToHashSet<Call>(ReferenceEqualityComparer.Instance);
            debts.Calls.RemoveAll(done.Contains);
            debts.Failures = paid.Count == calls.Length ? 0 : debts.Failures + 1;
            if (paid.Count == 0 && debts.Calls.Count > 1 && ReferenceEquals(debts.Calls[0], calls[0]))
            {
                // It may be this one that the master refuses: another is first next time.
                debts.Calls.RemoveAt(0);
                debts.Calls.Add(calls[0]);
            }

            // While any of it is of use: who uses short leases does not wait for seconds.
            var now = backend.Now;
            var left = debts.Calls.Count == 0 ? TimeSpan.Zero : (debts.Calls.Max(static call => call.Until) - now) / 2;
            var delay = FirstDelay * (1 << Math.Min(debts.Failures, 10) >> 1);
            delay = delay < MaxDelay ? delay : MaxDelay;
            debts.NextAt = now + (delay < left || left < FirstDelay ? delay : left);
        }
    }

    private async Task SendAsync(int master, Call call, ISessionListener listener)
    {
        if (!await TryAsync(master, call, CancellationToken.None).ConfigureAwait(false))
        {
            Add(master, call);
            listener.OnMaintenanceDue();
        }
    }

    private async Task<bool> TryAsync(int master, Call call, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(backend.MasterTimeout, backend.Time);
        using var registration = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), limit);
        try
        {
            // One that is not admitted keeps nothing that counts.
            await backend.Masters[master].EvaluateAsync(call.Script, call.Arguments, call.Operation, call.Resource, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is CoordinationException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>A call that is owed.</summary>
    /// <param name="Script">The script.</param>
    /// <param name="Arguments">Its arguments.</param>
    /// <param name="Operation">For errors.</param>
    /// <param name="Resource">For errors.</param>
    /// <param name="Until">When it is no longer of use.</param>
    /// <param name="Claim">The claim of which it takes an attempt back, if that is what it does.</param>
    internal sealed record Call(RedisScript Script, RedisArguments Arguments, string Operation, string Resource, TimeSpan Until, RedlockClaim? Claim)
    {
        /// <summary>Whether the release of the claim has taken care of it.</summary>
        public bool IsVoid => Claim is { IsEnded: true };
    }

    private sealed class Debts
    {
        public List<Call> Calls { get; } = [];

        public int Failures { get; set; }

        public TimeSpan NextAt { get; set; }
    }
}
