namespace Coordination.Leases;

/// <content>The clock: what is due, and who is told.</content>
internal sealed partial class Session
{
    private void Tick()
    {
        var now = _engine.Clock.Now;
        List<Claim>? lost = null;
        List<Claim>? owed = null;
        Dictionary<string, long>? firstWaiters = null;
        var isSessionOver = false;
        var isIdle = false;
        lock (_gate)
        {
            if (_isEnded)
            {
                return;
            }

            isSessionOver = now >= _guaranteedUntil;
            if (!isSessionOver)
            {
                foreach (var claim in _claims.Values)
                {
                    if (now >= claim.NextDue)
                    {
                        ClaimIsDue(claim, now, ref lost, ref owed, ref firstWaiters);
                    }
                }

                foreach (var claim in owed ?? [])
                {
                    Remove(claim);
                }

                isIdle = _claims.Count == 0 && !IsOwned && now - _idleSince >= _engine.SessionIdleTime;
            }
        }

        if (isSessionOver)
        {
            EndLost("nothing was confirmed until its deadline");
            return;
        }

        foreach (var claim in lost ?? [])
        {
            TellLost(claim, "its deadline passed without a confirmed renewal");
        }

        foreach (var claim in owed ?? [])
        {
            Owe(claim);
        }

        if (isIdle)
        {
            _ = CloseAsync(isEmptyOnly: true);
        }

        CloseIfOwned();
        if (NextRenewal() <= now)
        {
            _renewal.StartIfDue(now);
        }

        Reschedule();
    }

    private void ClaimIsDue(Claim claim, TimeSpan now, ref List<Claim>? lost, ref List<Claim>? owed, ref Dictionary<string, long>? firstWaiters)
    {
        switch (claim.State)
        {
            case ClaimState.Held:
                LoseIfDue(claim, now);
                (lost ??= []).Add(claim);
                break;
            case ClaimState.Lost:
                (owed ??= []).Add(claim);
                break;
            case ClaimState.Waiting when now >= claim.GuaranteedUntil:
                claim.Finish(ClaimState.Gone);
                claim.Wake();
                (owed ??= []).Add(claim);
                break;
            default:
                WaitingClaimIsDue(claim, now, ref firstWaiters);
                break;
        }
    }

    private void WaitingClaimIsDue(Claim claim, TimeSpan now, ref Dictionary<string, long>? firstWaiters)
    {
        if (now >= claim.GiveUpAt)
        {
            claim.GiveUpAt = TimeSpan.MaxValue;
            claim.Wake();
        }

        if (now < claim.RecheckAt)
        {
            return;
        }

        // One question serves all that wait here for the same resource: the server looks at the whole queue, and tells each of its grant.
        firstWaiters ??= FirstWaiters();
        if (firstWaiters[claim.Key.Resource] < claim.Number)
        {
            claim.RecheckAt = now + (Duration / 3);
            return;
        }

        claim.RecheckAt = TimeSpan.MaxValue;
        claim.MustAsk = true;
        claim.Wake();
    }

    /// <summary>The number of the oldest waiter here of each resource. Made once a tick, and only where a waiter is due: thousands may be due at once.</summary>
    private Dictionary<string, long> FirstWaiters()
    {
        var first = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var claim in _claims.Values)
        {
            if (claim.State == ClaimState.Waiting && (!first.TryGetValue(claim.Key.Resource, out var number) || claim.Number < number))
            {
                first[claim.Key.Resource] = claim.Number;
            }
        }

        return first;
    }

    private TimeSpan NextDue()
    {
        var renewal = NextRenewal();
        var due = _guaranteedUntil < renewal ? _guaranteedUntil : renewal;
        foreach (var claim in _claims.Values)
        {
            var next = claim.NextDue;
            due = next < due ? next : due;
        }

        return due;
    }

    // One lease's session, once that is over, is there for nothing but to be told so: it is not kept alive if it cannot be.
    private TimeSpan NextRenewal()
    {
        lock (_gate)
        {
            return IsOwned && _claims.Count == 0 && _lastNumber > 0 ? TimeSpan.MaxValue : _renewal.NextDue;
        }
    }

    private static bool LoseIfDue(Claim claim, TimeSpan now)
    {
        if (claim.State != ClaimState.Held || now < claim.LostAt)
        {
            return false;
        }

        claim.Lose(claim.GuaranteedUntil < claim.End ? claim.GuaranteedUntil : claim.End);
        return true;
    }

    private void GoneAtServer(Claim claim, List<Claim> lost)
    {
        if (claim.State == ClaimState.Held)
        {
            claim.Lose(TimeSpan.MaxValue);
            lost.Add(claim);
        }
        else
        {
            claim.Finish(ClaimState.Gone);
            claim.Wake();
        }

        Remove(claim);
    }

    private void Remove(Claim claim)
    {
        if (_claims.Remove(claim.Key.Id))
        {
            _idleSince = _engine.Clock.Now;
        }
    }

    /// <summary>Tells the holder, off this thread: a callback that blocks must not hold up the renewal of the others.</summary>
    private void TellLost(Claim claim, string reason)
    {
        CancellationTokenSource? source;
        lock (_gate)
        {
            if (claim.IsTold)
            {
                return;
            }

            claim.IsTold = true;
            source = claim.LostSourceIfAny;
        }

        _engine.Log.LeaseLost(claim.Key.Resource, _engine.Backend.Description.Name, claim.Token, claim.Key.Id, reason);
        if (_engine.Telemetry.Lost(claim))
        {
            _engine.Losses.Add(_engine.Clock.Now);
        }

        if (source is not null)
        {
            _engine.Log.Cancel(source);
        }
    }

    private static TimeSpan Latest(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
