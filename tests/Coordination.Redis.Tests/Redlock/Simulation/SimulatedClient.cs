using System.Globalization;
using Coordination.Backends;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>A process: the product's backend and session, with the engine's rules of deadlines played by hand (rules 2, 3), so that all runs on one thread.</summary>
internal sealed partial class SimulatedClient : ISessionListener
{
    private readonly SimulatedNetwork _network;
    private readonly History _history;
    private readonly RedlockBackend _backend;
    private readonly DriftingTime _time;
    private readonly int _number;
    private readonly TimeSpan _duration;
    private readonly Dictionary<string, Claim> _claims = [];
    private IBackendSession? _session;
    private bool _isMaintenanceDue = true;
    private bool _hasMetMasters;
    private bool _isMeetingMasters;
    private int _ids;

    public SimulatedClient(
        SimulatedNetwork network, History history, IReadOnlyList<IRedlockMaster> masters, int number, TimeSpan duration, TimeSpan longest)
    {
        _network = network;
        _history = history;
        _number = number;
        _duration = duration;

        // Clocks of one machine and another run at rates that differ by less than the engine's bound.
        _time = new DriftingTime(network.Clock, 1 + ((network.Random.NextDouble() - 0.5) * 0.008), network.Random.Next(1, 1_000_000));
        var options = new RedlockBackendOptions { LongestDuration = longest, MasterTimeout = TimeSpan.FromMilliseconds(60) };
        _backend = new RedlockBackend(options, NullLogger.Instance, masters, _time, new Random(network.Random.Next()));
    }

    public bool IsDead { get; private set; }

    public int Wins { get; private set; }

    private TimeSpan Now => _time.GetElapsedTime(0);

    public void Start(IReadOnlyList<(string Resource, ClaimMode Mode, int Limit)> work, int workers)
    {
        _ = MaintainAsync();
        _ = RenewAsync();
        for (var i = 0; i < workers; i++)
        {
            _ = WorkAsync(work, i);
        }
    }

    public void Close()
    {
        Die();
        _ = _backend.DisposeAsync().AsTask();
    }

    /// <summary>The process dies: what it holds stays where it is.</summary>
    public void Die()
    {
        IsDead = true;
        foreach (var claim in _claims.Values.Concat(_attached).ToArray())
        {
            End(claim);
        }
    }

    void ISessionListener.OnGranted(string claimId, FencingToken token)
    {
    }

    void ISessionListener.OnChanged(string? claimId)
    {
        foreach (var claim in _claims.Values.Where(claim => claimId is null || claim.Request.Key.Id == claimId).ToArray())
        {
            claim.MustAsk = true;
        }
    }

    void ISessionListener.OnClaimLost(string claimId)
    {
    }

    void ISessionListener.OnSessionLost()
    {
    }

    void ISessionListener.OnMaintenanceDue() => _isMaintenanceDue = true;

    private async Task MaintainAsync()
    {
        var next = TimeSpan.Zero;
        while (!IsDead)
        {
            if (_isMaintenanceDue || Now >= next)
            {
                _isMaintenanceDue = false;
                next = Now + (await _backend.MaintainAsync(CancellationToken.None) ?? TimeSpan.FromSeconds(1));
            }

            await _network.DelayAsync(TimeSpan.FromMilliseconds(5 + _network.Random.Next(10)));
        }
    }

    private async Task RenewAsync()
    {
        while (!IsDead)
        {
            await _network.DelayAsync(_duration / 3);
            var claims = _claims.Values.Where(static claim => claim.IsThere).ToArray();
            if (claims.Length == 0 || IsDead)
            {
                continue;
            }

            var send = Now;
            try
            {
                var result = await _session!.RenewAsync([.. claims.Select(static claim => claim.Request.Key)], CancellationToken.None);
                for (var i = 0; i < claims.Length; i++)
                {
                    var exception = result.Exceptions.Where(other => other.Index == i).Select(static other => (ClaimRenewal?)other).FirstOrDefault();
                    Renewed(claims[i], exception, send + result.Remaining);
                }
            }
            catch (CoordinationException)
            {
                // The deadlines stay.
            }
        }
    }

    private void Renewed(Claim claim, ClaimRenewal? exception, TimeSpan until)
    {
        if (exception?.Outcome == ClaimRenewalOutcome.Lost)
        {
            End(claim);
        }
        else if (exception?.Outcome != ClaimRenewalOutcome.Unconfirmed && Now < claim.Until)
        {
            claim.Until = Max(claim.Until, Guaranteed(until));
            if (exception?.Outcome == ClaimRenewalOutcome.Granted && claim.Stay is null && claim.IsThere && Now < claim.Until)
            {
                Enter(claim, exception.Value.Token);
            }
        }
    }

    private async Task WorkAsync(IReadOnlyList<(string Resource, ClaimMode Mode, int Limit)> work, int worker)
    {
        var random = _network.Random;
        while (!IsDead)
        {
            await _network.DelayAsync(TimeSpan.FromMilliseconds(random.Next(30)));
            var (resource, mode, limit) = work[random.Next(work.Count)];
            var id = string.Create(CultureInfo.InvariantCulture, $"c{_number}w{worker}n{_ids++}");
            var intent = random.Next(4) == 0 ? ClaimIntent.TryOnce : ClaimIntent.Queue;
            var claim = new Claim(new ClaimRequest(new ClaimKey(resource, id), mode, limit, id) { Intent = intent });
            _claims[id] = claim;
            var isHandedOver = false;
            try
            {
                await GetAsync(claim, Now + TimeSpan.FromMilliseconds(300 + random.Next(700)));
                await StayAsync(claim);
                isHandedOver = claim.Stay is not null && !IsDead && random.Next(6) == 0 && await HandOverAsync(claim);
            }
            catch (CoordinationException)
            {
                // Too few masters, and no time left.
            }

            End(claim);
            _claims.Remove(id);
            for (var tries = 0; tries < 5 && !IsDead && !isHandedOver; tries++)
            {
                try
                {
                    if (_session is { } session)
                    {
                        await FirstAloneAsync(() => session.ReleaseAsync(claim.Request.Key, CancellationToken.None));
                    }

                    break;
                }
                catch (CoordinationException)
                {
                    await _network.DelayAsync(TimeSpan.FromMilliseconds(50));
                }
            }
        }
    }

    // A client's first call learns to know the masters, for all that are made meanwhile. What several wait for goes on in the thread pool for all of them but one, and
    // nothing may leave the simulation's thread: so the others wait here until it has.
    private async Task<T> FirstAloneAsync<T>(Func<ValueTask<T>> call)
    {
        while (_isMeetingMasters && !_hasMetMasters)
        {
            await _network.DelayAsync(TimeSpan.FromMilliseconds(1));
        }

        _isMeetingMasters = true;
        try
        {
            var result = await call();
            _hasMetMasters = true;
            return result;
        }
        finally
        {
            _isMeetingMasters = false;
        }
    }

    // As the engine's Acquisition.
    private async Task GetAsync(Claim claim, TimeSpan giveUpAt)
    {
        _session ??= await _backend.OpenSessionAsync(new SessionRequest(_duration), this, CancellationToken.None);
        var first = Now;
        var recheckAt = TimeSpan.MaxValue;
        var entered = false;
        while (!IsDead && claim.Stay is null && !claim.IsOver && Now < giveUpAt)
        {
            if (!entered || claim.MustAsk || Now >= recheckAt)
            {
                claim.MustAsk = false;
                recheckAt = TimeSpan.MaxValue;
                var send = Now;
                try
                {
                    var request = entered ? claim.Request with { Intent = ClaimIntent.FindExisting } : claim.Request;
                    var result = await FirstAloneAsync(() => _session.ClaimAsync(request, CancellationToken.None));
                    if (result.Outcome == ClaimOutcome.Refused)
                    {
                        return;
                    }

                    // Rule 4: not acknowledged within its first period: another id.
                    if (!entered && Now >= Guaranteed(first + _duration))
                    {
                        return;
                    }

                    var until = Guaranteed(send + result.Remaining!.Value);
                    if (Now >= until || (entered && Now >= claim.Until))
                    {
                        return; // Rule 3.
                    }

                    entered = true;
                    claim.IsThere = true;
                    claim.Until = Max(claim.Until, until);
                    if (result.Outcome == ClaimOutcome.Granted && claim.Stay is null && !claim.IsOver)
                    {
                        Enter(claim, result.Token);
                        return;
                    }

                    recheckAt = result.RecheckAfter is { } wait ? Now + wait : TimeSpan.MaxValue;
                }
                catch (CoordinationException e) when (e.IsTransient && Now < giveUpAt)
                {
                    recheckAt = Now + TimeSpan.FromMilliseconds(20);
                    await _network.DelayAsync(TimeSpan.FromMilliseconds(20));
                }
            }
            else
            {
                await _network.DelayAsync(TimeSpan.FromMilliseconds(1));
            }

            if (entered && Now >= claim.Until)
            {
                return;
            }
        }
    }

    private async Task StayAsync(Claim claim)
    {
        var leaveAt = Now + TimeSpan.FromMilliseconds(_network.Random.Next(_network.Random.Next(4) == 0 ? 900 : 40));
        while (claim.Stay is not null && Now < leaveAt && !IsDead)
        {
            // The deadline is looked at, not only waited for; a renewal moves it.
            var until = claim.Until < leaveAt ? claim.Until : leaveAt;
            var wait = until - Now;
            await _network.DelayAsync(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(0.1));
            if (Now >= claim.Until)
            {
                break;
            }
        }
    }

    private void Enter(Claim claim, FencingToken token)
    {
        Wins++;
        claim.Stay = _history.Enter(
            claim.Request.Key.Resource, claim.Request.Mode, claim.Request.Limit, token.Value, claim.Request.Key.Id);
        Watch(claim, claim.Stay);
    }

    // A holder is inside until its deadline at the most, to the moment.
    private void Watch(Claim claim, History.Stay stay)
    {
        if (claim.Stay != stay)
        {
            return;
        }

        var left = claim.Until - Now;
        if (left <= TimeSpan.Zero)
        {
            End(claim);
            return;
        }

        _network.After(left / 1.01, () => Watch(claim, stay));
    }

    private void End(Claim claim)
    {
        claim.IsOver = true;
        claim.IsThere = false;
        if (claim.Stay is { } stay)
        {
            _history.Leave(stay);
            claim.Stay = null;
        }
    }

    private TimeSpan Guaranteed(TimeSpan until) => until - (_duration * 0.01) - TimeSpan.FromMilliseconds(2);

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private sealed class Claim(ClaimRequest request)
    {
        public ClaimRequest Request { get; } = request;

        public TimeSpan Until { get; set; }

        public bool MustAsk { get; set; }

        public bool IsThere { get; set; }

        public bool IsOver { get; set; }

        public History.Stay? Stay { get; set; }
    }

    /// <summary>A clock that runs a little faster or slower than the true one, from a zero of its own.</summary>
    private sealed class DriftingTime(TimeProvider inner, double rate, long offset) : TimeProvider
    {
        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => offset + (long)(inner.GetTimestamp() * rate);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            inner.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : dueTime / rate, period);
    }
}
