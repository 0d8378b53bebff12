using Coordination.Backends;

namespace Coordination.Leases;

/// <content>What a renewal reads, and how its answer is taken down.</content>
internal sealed partial class Session
{
    public void CollectRenewable(List<Claim> into)
    {
        lock (_gate)
        {
            foreach (var claim in _claims.Values)
            {
                if (claim.State is ClaimState.Waiting or ClaimState.Held)
                {
                    into.Add(claim);
                }
            }
        }
    }

    /// <summary>Until when what is held can be guaranteed without another renewal: what a renewal has to come in time for.</summary>
    public TimeSpan RenewBy
    {
        get
        {
            lock (_gate)
            {
                var margin = TimeSpan.Zero;
                foreach (var claim in _claims.Values)
                {
                    margin = claim.State == ClaimState.Held ? Latest(margin, MarginFor(claim.Template.Terms)) : margin;
                }

                return _guaranteedUntil - margin;
            }
        }
    }

    /// <summary>
    /// Whether a renewal is overdue, and so long that what is held is nearly lost: of what was left when it was due, more than half is gone, and less than a sixth of the
    /// duration is left.
    /// </summary>
    /// <remarks>
    /// What is left says too little by itself. A session in good health has little left when its renewal is due where the margin is large, least where an acknowledgement proves only
    /// the request before it: 0.99 - 2/3 - 1/4 = 0.07 durations.
    /// </remarks>
    public bool IsLate(TimeSpan now)
    {
        var left = RenewBy - now;
        return left < Duration / 6 && now - _renewal.MissingSince > left;
    }

    /// <param name="claims">The claims that were renewed.</param>
    /// <param name="result">The answer.</param>
    /// <param name="evidence">The send time of the newest request that the answer proves.</param>
    public void Renewed(List<Claim> claims, RenewalResult result, TimeSpan evidence)
    {
        var lost = new List<Claim>();
        lock (_gate)
        {
            if (_isEnded)
            {
                return;
            }

            var now = _engine.Clock.Now;
            if (now >= _guaranteedUntil)
            {
                return; // Too late: a session past its own deadline is dropped, not revived.
            }

            // What was lost by the clock stays lost, though no timer has run yet: this answer came too late for it.
            foreach (var claim in _claims.Values)
            {
                if (LoseIfDue(claim, now))
                {
                    lost.Add(claim);
                }
            }

            var guaranteed = Guarantee.Until(evidence, Duration, result.Remaining);
            var guaranteedBefore = _guaranteedUntil;
            _guaranteedUntil = Latest(guaranteedBefore, guaranteed);
            var exceptions = ByIndex(result.Exceptions, claims.Count);
            for (var i = 0; i < claims.Count; i++)
            {
                var claim = claims[i];
                var exception = exceptions?[i];
                if (claim.State is not (ClaimState.Waiting or ClaimState.Held))
                {
                    continue;
                }

                if (exception?.Outcome == ClaimRenewalOutcome.Unconfirmed)
                {
                    claim.Failed(new CoordinationException(
                        $"{_engine.Backend.Description.Name} did not confirm 'renew' for '{claim.Key.Resource}': the part of it that keeps the claim did not answer.",
                        isTransient: true));
                    if (!claim.HasOwnGuarantee)
                    {
                        // From now on it has a deadline of its own: the session's goes on without it.
                        claim.TryConfirm(now, guaranteedBefore);
                    }

                    continue;
                }

                claim.Outage = null;
                if (exception?.Outcome == ClaimRenewalOutcome.Lost)
                {
                    GoneAtServer(claim, lost);
                    continue;
                }

                // A claim with a guarantee of its own is renewed by name; the others live as long as the session.
                if (claim.HasOwnGuarantee && !claim.TryConfirm(now, guaranteed))
                {
                    continue;
                }

                if (exception?.Outcome == ClaimRenewalOutcome.Granted && claim.State == ClaimState.Waiting)
                {
                    claim.TryGrant(exception.Value.Token, now, isReply: true);
                    claim.Wake();
                }
            }
        }

        foreach (var claim in lost)
        {
            TellLost(claim, "it is no longer at the server, or its deadline passed");
        }

        Reschedule();
        CloseIfOwned();
    }

    /// <summary>The exceptions by their claims' places, in whatever order a backend collects them; of two for one claim, the worse.</summary>
    private static ClaimRenewal?[]? ByIndex(IReadOnlyList<ClaimRenewal> exceptions, int count)
    {
        if (exceptions.Count == 0)
        {
            return null;
        }

        var byIndex = new ClaimRenewal?[count];
        foreach (var exception in exceptions)
        {
            ref var known = ref byIndex[exception.Index];
            known = known is { } other && Severity(other) > Severity(exception) ? other : exception;
        }

        return byIndex;

        static int Severity(ClaimRenewal renewal) => renewal.Outcome switch
        {
            ClaimRenewalOutcome.Lost => 2,
            ClaimRenewalOutcome.Unconfirmed => 1,
            _ => 0,
        };
    }

    public void Reschedule()
    {
        TimeSpan due;
        lock (_gate)
        {
            due = NextDue();
        }

        _timer.At(due);
    }
}
