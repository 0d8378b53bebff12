using Coordination.Backends;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <content>Leases that go from one process to another.</content>
internal sealed partial class SimulatedClient
{
    private readonly List<Claim> _attached = [];

    /// <summary>All processes, this one among them.</summary>
    public IReadOnlyList<SimulatedClient> Peers { get; set; } = [];

    // The holder stops, and then says so to the masters; one or two others want the lease.
    private async Task<bool> HandOverAsync(Claim claim)
    {
        var token = claim.Stay!.Token;
        End(claim);
        if (await _session!.DetachAsync(claim.Request.Key, CancellationToken.None) is not { } ticket)
        {
            return false;
        }

        for (var takers = 1 + _network.Random.Next(2); takers > 0; takers--)
        {
            var taker = Peers[_network.Random.Next(Peers.Count)];
            _network.After(TimeSpan.FromMilliseconds(_network.Random.Next(_network.Random.Next(4) == 0 ? 300 : 10)), () => _ = taker.TakeOverAsync(ticket, claim.Request, token));
        }

        return true;
    }

    private async Task TakeOverAsync(string ticket, ClaimRequest request, long token)
    {
        var claim = new Claim(request);
        _attached.Add(claim);
        try
        {
            for (var tries = 0; tries < 3 && !IsDead; tries++)
            {
                var send = Now;
                try
                {
                    var session = await FirstAloneAsync(() => _backend.OpenSessionAsync(new SessionRequest(_duration) { Ticket = ticket }, this, CancellationToken.None));
                    claim.Until = Guaranteed(send + _duration);
                    if (Now < claim.Until && !IsDead)
                    {
                        claim.Stay = _history.Attach(request.Key.Resource, request.Mode, request.Limit, token, $"{request.Key.Id} at c{_number}");
                        Watch(claim, claim.Stay);
                        await StayAttachedAsync(session, claim);
                    }

                    End(claim);
                    await session.ReleaseAsync(request.Key, CancellationToken.None);
                    return;
                }
                catch (LeaseLostException)
                {
                    return;
                }
                catch (CoordinationException)
                {
                    await _network.DelayAsync(TimeSpan.FromMilliseconds(20));
                }
            }
        }
        finally
        {
            End(claim);
            _attached.Remove(claim);
        }
    }

    private async Task StayAttachedAsync(IBackendSession session, Claim claim)
    {
        var leaveAt = Now + TimeSpan.FromMilliseconds(_network.Random.Next(400));
        while (claim.Stay is not null && Now < leaveAt && Now < claim.Until && !IsDead)
        {
            await _network.DelayAsync(_duration / 4);
            if (claim.Stay is null || Now >= leaveAt || IsDead)
            {
                return;
            }

            var send = Now;
            try
            {
                var result = await session.RenewAsync([claim.Request.Key], CancellationToken.None);
                if (result.Exceptions.Any(static exception => exception.Outcome == ClaimRenewalOutcome.Lost))
                {
                    return;
                }

                if (result.Exceptions.Count == 0 && Now < claim.Until)
                {
                    claim.Until = Max(claim.Until, Guaranteed(send + result.Remaining));
                }
            }
            catch (CoordinationException)
            {
                // The deadline stays.
            }
        }
    }
}
