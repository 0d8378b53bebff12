using System.Diagnostics.Metrics;
using System.Globalization;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>
/// Sees to it that only masters take part that have forgotten nothing that counts (rule 20). The scripts keep the others out by themselves; this is how they
/// come in: a new set as a whole, one that lost its data after a wait and with what the others know.
/// </summary>
internal sealed class RedlockAdmission : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);

    // Between two looks, however many attempts meet a master that is kept out.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(100);

    private readonly RedlockBackend _backend;
    private readonly long[] _told;
    private readonly Lock _gate = new();
#pragma warning disable CA2213 // Its handle is never asked for, and a look that is under way gives its turn back after the disposal.
    private readonly SemaphoreSlim _turn = new(1, 1);
#pragma warning restore CA2213
    private readonly Meter _meter = new("Coordination");
    private readonly Counter<long> _admissions;
    private Standing?[] _standings;
    private Task? _introducing;
    private bool _isIntroduced;
    private TimeSpan _lookedAt;
    private TimeSpan _nextAt;

    public RedlockAdmission(RedlockBackend backend)
    {
        _backend = backend;
        _standings = new Standing?[backend.Masters.Count];
        _told = new long[backend.Masters.Count];
        _admissions = _meter.CreateCounter<long>("coordination.redlock.admissions", "{master}", "Masters of Redlock that this process admitted.");
        _meter.CreateObservableGauge("coordination.redlock.masters", Measure, "{master}", "Masters of Redlock by how they stood when last looked at.");
    }

    /// <summary>Why masters are not admitted, and what to do about it, or <see langword="null"/> when all is well.</summary>
    public string? Problem { get; private set; }

    private int Quorum => (_backend.Masters.Count / 2) + 1;

    /// <summary>So many of the others have something of every majority.</summary>
    private int Enough => _backend.Masters.Count - Quorum + 1;

    /// <summary>Learns the masters' time, once.</summary>
    /// <param name="operation">For whom, for the error.</param>
    /// <param name="resource">For which resource.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public ValueTask IntroduceAsync(string operation, string? resource, CancellationToken cancellationToken)
    {
        if (_isIntroduced)
        {
            return default;
        }

        Task introducing;
        lock (_gate)
        {
            if (_introducing is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _introducing = LookAsync(static round => round.CountOf(RedlockRound.State.Reply) >= round.Quorum, operation, resource, CancellationToken.None);
            }

            introducing = _introducing;
        }

        return new ValueTask(introducing.WaitAsync(cancellationToken));
    }

    /// <summary>Whether a majority answers now.</summary>
    public async ValueTask<bool> ReachAsync()
    {
        try
        {
            await LookAsync(static round => round.CountOf(RedlockRound.State.Reply) >= round.Quorum, "reach", null, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is CoordinationException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>A master is not admitted, or is back: it is looked at soon.</summary>
    public void Due()
    {
        lock (_gate)
        {
            var soonest = _lookedAt + Least;
            _nextAt = _nextAt < soonest ? _nextAt : soonest;
        }
    }

    /// <summary>Looks at all masters and admits those that may come in, if that is due: maintenance has other reasons too.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>When to look again.</returns>
    public async ValueTask<TimeSpan> MaintainAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var began = _backend.Now;
            lock (_gate)
            {
                if (_nextAt > began)
                {
                    return _nextAt - began;
                }

                // What is told from here on is told of what may have been read already.
                (_lookedAt, _nextAt) = (began, TimeSpan.MaxValue);
            }

            var wait = AfterFault;
            try
            {
                wait = await LookAndAdmitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                lock (_gate)
                {
                    var next = _backend.Now + wait;
                    _nextAt = _nextAt < next ? _nextAt : next;
                    wait = _nextAt > _backend.Now ? _nextAt - _backend.Now : TimeSpan.Zero;
                }
            }

            return wait;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private async ValueTask<TimeSpan> LookAndAdmitAsync(CancellationToken cancellationToken)
    {
        try
        {
            _standings = await LookAsync(static round => round.CountOfAwaited() == 0, "admit", null, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException e)
        {
            // Those who claim are told.
            Say($"{e.Message}");
            return AfterFault;
        }

        var admitted = Admitted();
        if (admitted.Count == _standings.Length)
        {
            Problem = null;
            return Interval;
        }

        var wait = admitted.Count == 0
            ? await AdmitAllAsync(cancellationToken).ConfigureAwait(false)
            : await AdmitOthersAsync(admitted, cancellationToken).ConfigureAwait(false);
        return wait < Interval ? wait : Interval;
    }

    private List<int> Where(Func<int, Standing, bool> condition) =>
        [.. Enumerable.Range(0, _standings.Length).Where(i => _standings[i] is { } standing && condition(i, standing))];

    private List<int> Admitted() => Where(static (_, standing) => standing.IsAdmitted);

    // Has been as it is since others were admitted: it has granted nothing, and so has forgotten nothing.
    private bool IsUntouched(int master, Standing standing) =>
        !standing.IsAdmitted && _standings.Any(other => other?.Knows(master, standing) == true);

    // The set is new as a whole, or was restarted as a whole: nobody knows its tokens. This once they rest on clocks.
    private async ValueTask<TimeSpan> AdmitAllAsync(CancellationToken cancellationToken)
    {
        var all = _standings;
        if (all.Any(static standing => standing is null))
        {
            Say("No master is admitted yet, and not all of them answer. A set that is new, or was restarted as a whole, is admitted when all of its masters answer: "
                + $"start {Names(i => all[i] is null)}.");
            return AfterFault;
        }

        var longest = all.Max(static standing => standing!.Longest);
        var left = all.Max(standing => longest - standing!.OutOfSet);
        if (left >= 0)
        {
            Say($"The set of masters is new, or was restarted as a whole. It is admitted when its youngest server has been up for the longest lease that anybody may use, {Time(longest)}: in {Time(left + 1)}.");
            return TimeSpan.FromMilliseconds(left + 1);
        }

        var floor = Math.Max(all.Max(static standing => standing!.Clock) + RedlockTokens.Bound, all.Max(static standing => Math.Max(standing!.Floor, standing.Top)) + 1);
        var peers = string.Join(' ', all.Select(static standing => standing!.Born.ToString(CultureInfo.InvariantCulture)));
        var waits = await Task.WhenAll(Enumerable.Range(0, all.Length).Select(i => AdmitAsync(i, longest, floor, peers, mode: 0, cancellationToken))).ConfigureAwait(false);
        if (waits.All(static wait => wait is null))
        {
            RedlockLog.SetAdmitted(_backend.Logger, all.Length, floor);
            Problem = null;
            return Interval;
        }

        return waits.Max() ?? AfterFault;
    }

    private async ValueTask<TimeSpan> AdmitOthersAsync(List<int> admitted, CancellationToken cancellationToken)
    {
        var untouched = Where(IsUntouched);
        var lost = Where((i, standing) => !standing.IsAdmitted && !IsUntouched(i, standing));
        var wait = Interval;
        foreach (var master in untouched)
        {
            var by = _standings[admitted.First(i => _standings[i]!.Knows(master, _standings[master]!))]!;
            wait = Sooner(wait, await AdmitAsync(master, by.Longest, Highest(admitted), by.Peers, mode: 2, cancellationToken).ConfigureAwait(false));
        }

        foreach (var master in lost)
        {
            wait = Sooner(wait, await AdmitAgainAsync(master, cancellationToken).ConfigureAwait(false));
        }

        if (Admitted().Count == _standings.Length)
        {
            Problem = null;
        }

        return _standings.Any(static standing => standing is null) ? Sooner(wait, AfterFault) : wait;
    }

    // Rule 20, in this order: wait, then read from enough others, then admit.
    private async ValueTask<TimeSpan?> AdmitAgainAsync(int master, CancellationToken cancellationToken)
    {
        var name = _backend.Masters[master].Name;
        if (_standings[master] is null)
        {
            return AfterFault; // It fell silent while another was looked at.
        }

        var longest = _standings.Max(static standing => standing?.Longest ?? 0);
        var left = longest - _standings[master]!.Out;
        if (left >= 0)
        {
            Say($"The master {name} lost its data, or was restarted, and is kept out for the longest lease that anybody may use, {Time(longest)}: for another {Time(left + 1)}.");
            if (IsNews(master))
            {
                RedlockLog.MasterKeptOut(_backend.Logger, name, TimeSpan.FromMilliseconds(left + 1));
            }

            return TimeSpan.FromMilliseconds(left + 1);
        }

        try
        {
            // All of them, also those that were silent before: it is told what is lost for good.
            _standings = await LookAsync(static _ => false, "admit", null, cancellationToken).ConfigureAwait(false);
        }
        catch (CoordinationException)
        {
            return AfterFault;
        }

        var target = _standings[master];
        if (target is null || target.Out <= _standings.Max(static standing => standing?.Longest ?? 0))
        {
            return AfterFault; // Restarted again, or somebody uses longer leases.
        }

        if (target.IsAdmitted)
        {
            return null; // By another process.
        }

        var intact = Where((i, standing) => i != master && (standing.IsAdmitted || IsUntouched(i, standing)));
        if (intact.Count < Enough)
        {
            Say($"The master {name} lost its data, and {Enough} of the others must know what it knew, but only {intact.Count} do. "
                + $"Bring back {Names(i => _standings[i] is null)} if that has its data. If the data is gone for good: stop all clients, wait {Time(longest)}, "
                + "delete the key " + $"'{_backend.Keys.Master}' on every master, and start the clients again.");
            if (IsNews(master, isStuck: true))
            {
                RedlockLog.SetStuck(_backend.Logger, name, intact.Count, Enough);
            }

            return AfterFault;
        }

        // Not those that are kept out themselves: they have forgotten too, and who is known by others would be admitted without its own wait.
        var peers = string.Join(' ', _standings.Select((standing, i) => (intact.Contains(i) ? standing!.Born : 0).ToString(CultureInfo.InvariantCulture)));
        return await AdmitAsync(master, longest, Highest(intact), peers, mode: 1, cancellationToken).ConfigureAwait(false);
    }

    // Every attempt that meets such a master asks for a look at it; the log tells it once for each loss, and again when it turns out that it cannot be admitted.
    private bool IsNews(int master, bool isStuck = false)
    {
        var news = isStuck ? -_standings[master]!.Born : _standings[master]!.Born;
        if (_told[master] == news)
        {
            return false;
        }

        _told[master] = news;
        return true;
    }

    private long Highest(List<int> masters) => masters.Max(i => Math.Max(_standings[i]!.Top, _standings[i]!.Floor)) + 1;

    /// <returns><see langword="null"/> when it is admitted; otherwise when to try again.</returns>
    private async Task<TimeSpan?> AdmitAsync(int master, long longest, long floor, string peers, int mode, CancellationToken cancellationToken)
    {
        var standing = _standings[master]!;
        var arguments = new RedisArguments(1, 5);
        arguments.Keys[0] = _backend.Keys.Master;
        arguments.Values[0] = longest;
        arguments.Values[1] = standing.Born;
        arguments.Values[2] = floor;
        arguments.Values[3] = peers;
        arguments.Values[4] = mode;
        try
        {
            var answer = (long)await _backend.CallAsync(master, RedlockScripts.Admit, arguments, "admit", null, cancellationToken).ConfigureAwait(false);
            if (answer != 1)
            {
                return answer < 0 ? TimeSpan.FromMilliseconds(-answer) : AfterFault;
            }
        }
        catch (CoordinationException)
        {
            return AfterFault;
        }

        _standings[master] = standing with { IsAdmitted = true, Floor = floor };
        _admissions.Add(1);
        RedlockLog.MasterAdmitted(_backend.Logger, _backend.Masters[master].Name, floor);
        return null;
    }

    private async Task<Standing?[]> LookAsync(Func<RedlockRound, bool> isDecided, string operation, string? resource, CancellationToken cancellationToken)
    {
        var arguments = new RedisArguments(1, 1);
        arguments.Keys[0] = _backend.Keys.Master;
        arguments.Values[0] = _backend.Longest;
        var asked = _backend.Now;
        var round = RedlockRound.Start(_backend, RedlockScripts.Hello, arguments, operation, resource, isDecided, cancellationToken);
        await round.WaitAsync().ConfigureAwait(false);
        var standings = new Standing?[round.Count];
        for (var i = 0; i < standings.Length; i++)
        {
            standings[i] = round.Reply(i) is { } reply ? Standing.Of(reply) : null;
        }

        var clocks = standings.Where(static standing => standing is not null).Select(static standing => standing!.Clock).Order().ToArray();
        if (clocks.Length < Quorum)
        {
            throw _backend.TooFew(round, operation, resource);
        }

        _backend.Tokens.Set(clocks[clocks.Length / 2], asked);
        _isIntroduced = true;
        return standings;
    }

    private void Say(string problem) => Problem = problem;

    private string Names(Func<int, bool> which) =>
        string.Join(", ", Enumerable.Range(0, _standings.Length).Where(which).Select(i => _backend.Masters[i].Name)) is { Length: > 0 } names ? names : "the others";

    private static string Time(long milliseconds) => TimeSpan.FromMilliseconds(milliseconds).ToString("g", CultureInfo.InvariantCulture);

    private static TimeSpan Sooner(TimeSpan a, TimeSpan? b) => b is { } other && other < a ? other : a;

    private IEnumerable<Measurement<int>> Measure()
    {
        var states = _standings.Select(static standing => standing is null ? "unreachable" : standing.IsAdmitted ? "admitted" : "kept_out").ToArray();
        foreach (var state in new[] { "admitted", "kept_out", "unreachable" })
        {
            yield return new Measurement<int>(states.Count(s => s == state), new KeyValuePair<string, object?>("coordination.redlock.state", state));
        }
    }

    /// <summary>What a master says of itself.</summary>
    private sealed record Standing(
        bool IsAdmitted, long Born, long Clock, long Floor, long Top, long Longest, string Peers, long Out, long OutOfSet)
    {
        private readonly string[] _peers = Peers.Split(' ');

        public static Standing Of(RedisResult reply) => new(
            (int)reply[0] == 1,
            (long)reply[1],
            (long)reply[2],
            (long)reply[3],
            (long)reply[4],
            (long)reply[5],
            (string)reply[6]!,
            (long)reply[7],
            (long)reply[8]);

        /// <summary>Whether the other is as it was when this one was admitted.</summary>
        public bool Knows(int number, Standing other) =>
            IsAdmitted && number < _peers.Length && _peers[number] == other.Born.ToString(CultureInfo.InvariantCulture);
    }
}
