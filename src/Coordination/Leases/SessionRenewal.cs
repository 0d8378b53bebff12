using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>Renews a session with all its claims every third of its duration, one request in flight.</summary>
internal sealed class SessionRenewal(Engine engine, Session session)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private TimeSpan _previousSend;
    private long _nextDueTicks = long.MaxValue;

    /// <summary>When the next renewal is due; never while one is under way.</summary>
    public TimeSpan NextDue => TimeSpan.FromTicks(Volatile.Read(ref _nextDueTicks));

    private TimeSpan Interval => session.Duration / 3;

    public void Start(TimeSpan opened)
    {
        _previousSend = opened;
        Volatile.Write(ref _nextDueTicks, (opened + Interval).Ticks);
    }

    public void StartIfDue(TimeSpan now)
    {
        lock (_gate)
        {
            if (now < NextDue)
            {
                return;
            }

            Volatile.Write(ref _nextDueTicks, long.MaxValue);
        }

        _ = RenewAllAsync();
    }

    /// <summary>Renews one claim, and the session with it, with a request that is sent after this call.</summary>
    public async ValueTask RenewNowAsync(Claim claim, CancellationToken cancellationToken)
    {
        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            await SendAsync([claim], engine.Limit.Timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<IDisposable> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(_turn);
    }

    private async Task RenewAllAsync()
    {
        var start = engine.Clock.Now;
        var next = start + Interval;
        try
        {
            using (await TakeTurnAsync(CancellationToken.None).ConfigureAwait(false))
            {
                var claims = new List<Claim>();
                session.CollectRenewable(claims);

                // No longer than until the next one is due: if a reply got lost, there must be time for another try.
                var limit = Interval < engine.Limit.Timeout ? Interval : engine.Limit.Timeout;
                await SendAsync(claims, limit, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (CoordinationException exception)
        {
            engine.Log.RenewalFailed(exception, engine.Backend.Description.Name, session.Duration);

            // Sooner than the next regular one, but not in a rush.
            var soon = engine.Clock.Now + (Interval / 4);
            next = soon < next ? soon : next;
        }
        catch (Exception exception)
        {
            engine.Log.Unexpected(exception, "renewal");
        }
        finally
        {
            lock (_gate)
            {
                Volatile.Write(ref _nextDueTicks, next.Ticks);
            }

            session.Reschedule();
        }
    }

    private async ValueTask SendAsync(List<Claim> claims, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var keys = new ClaimKey[claims.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = claims[i].Key;
        }

        var subject = keys.Length == 1 ? keys[0].Resource : $"{keys.Length} claims";
        var send = engine.Clock.Now;
        using var limit = engine.Limit.Begin(timeout, cancellationToken);
        try
        {
            var result = await session.Backend.RenewAsync(keys, limit.Token).ConfigureAwait(false);
            engine.Telemetry.Renewed(engine.Clock.Now - send, succeeded: true);
            if (result.IsSessionLost)
            {
                session.EndLost("the server says that the session has ended");
                return;
            }

            // Where an acknowledgement proves only the request before it, that one's send time counts.
            var evidence = engine.Backend.Description.Evidence == RenewalEvidence.PreviousRequest ? _previousSend : send;
            _previousSend = send;
            session.Renewed(claims, result, evidence);
        }
        catch (OperationCanceledException exception) when (limit.TimedOut)
        {
            engine.Telemetry.Renewed(engine.Clock.Now - send, succeeded: false);
            var error = limit.TimeoutError("renew", subject, exception);
            session.RenewalFailed(error);
            throw error;
        }
        catch (CoordinationException exception)
        {
            engine.Telemetry.Renewed(engine.Clock.Now - send, succeeded: false);
            session.RenewalFailed(exception);
            throw;
        }
    }

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
