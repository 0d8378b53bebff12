using Coordination.Backends;

namespace Coordination.Redis;

/// <summary>
/// What masters have to be told that did not answer (rule 17): kept until they have, or until it has ended by itself. The engine says when to try again.
/// </summary>
internal sealed class RedlockOwed(RedlockBackend backend)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<(int Master, Call Call)> _calls = [];
    private int _failures;

    /// <summary>How many calls are owed.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _calls.Count;
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
            if (!_calls.Contains((master, call)))
            {
                _calls.Add((master, call));
            }
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
        _ = TryAsync(master, new Call(script, arguments, operation, resource, TimeSpan.MaxValue), CancellationToken.None);

    /// <summary>Tries what is owed.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>When to try again, or <see langword="null"/> when nothing is owed any more.</returns>
    public async ValueTask<TimeSpan?> PayAsync(CancellationToken cancellationToken)
    {
        (int Master, Call Call)[] calls;
        lock (_gate)
        {
            _calls.RemoveAll(owed => owed.Call.Until <= backend.Now);
            calls = [.. _calls];
        }

        if (calls.Length == 0)
        {
            _failures = 0;
            return null;
        }

        var tries = calls.Select(owed => TryAsync(owed.Master, owed.Call, cancellationToken)).ToArray();
        var paid = await Task.WhenAll(tries).ConfigureAwait(false);
        lock (_gate)
        {
            for (var i = 0; i < calls.Length; i++)
            {
                if (paid[i])
                {
                    _calls.Remove(calls[i]);
                }
            }

            if (_calls.Count == 0)
            {
                _failures = 0;
                return null;
            }
        }

        var delay = FirstDelay * (1 << Math.Min(_failures++, 5));
        return delay < MaxDelay ? delay : MaxDelay;
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
    internal sealed record Call(RedisScript Script, RedisArguments Arguments, string Operation, string Resource, TimeSpan Until);
}
