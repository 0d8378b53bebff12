using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Coordination.Backends;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Claims that are renewed together. At the masters it is nothing but them: each has its own expiry.</summary>
internal sealed partial class RedlockSession : IBackendSession
{
    // Claims a script call.
    private const int BatchSize = 128;

    private readonly RedlockBackend _backend;
    private readonly ISessionListener _listener;
    private readonly long _milliseconds;
    private readonly RedisValue _route;
    private readonly ConcurrentDictionary<string, RedlockClaim> _claims = new(StringComparer.Ordinal);

    /// <summary>Makes a session. Nothing is sent.</summary>
    /// <param name="backend">Its backend.</param>
    /// <param name="listener">Its engine.</param>
    /// <param name="number">Its number there.</param>
    /// <param name="duration">How long its claims outlive their last renewal; rounded up to milliseconds.</param>
    public RedlockSession(RedlockBackend backend, ISessionListener listener, long number, TimeSpan duration)
    {
        _backend = backend;
        _listener = listener;
        Number = number;
        _milliseconds = (duration.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        Duration = TimeSpan.FromMilliseconds(_milliseconds);
        _route = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{backend.Hints.ChannelName} {number}"));
    }

    /// <summary>Its number in the backend, by which the masters wake its claims.</summary>
    public long Number { get; }

    /// <inheritdoc/>
    public TimeSpan Duration { get; }

    private int Masters => _backend.Masters.Count;

    private int Quorum => (Masters / 2) + 1;

    /// <summary>So many refusals leave no majority.</summary>
    private int Veto => Masters - Quorum + 1;

    /// <summary>A master says that a claim's turn may have come.</summary>
    /// <param name="id">The claim.</param>
    public void Wake(string id)
    {
        if (!_claims.TryGetValue(id, out var claim))
        {
            return;
        }

        lock (claim)
        {
            claim.IsWoken = true;
            if (claim.IsHeld || claim.IsReleased || claim.IsTold || claim.IsTrying)
            {
                return;
            }

            // Once for all masters.
            claim.IsTold = true;
        }

        _listener.OnChanged(id);
    }

    /// <summary>What was missed while a connection was broken has to be asked for.</summary>
    public void WakeAll()
    {
        foreach (var (id, claim) in _claims)
        {
            if (!claim.IsHeld)
            {
                _listener.OnChanged(id);
            }
        }
    }

    /// <summary>Something is owed: the engine is to call.</summary>
    public void MaintenanceDue() => _listener.OnMaintenanceDue();

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _backend.IntroduceAsync("release", claim.Resource, cancellationToken).ConfigureAwait(false);
        return await ReleaseAsync([claim], 0, 1, claim.Resource, cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_claims.TryGetValue(claim.Id, out var known) || !known.IsHeld)
        {
            return false;
        }

        // A claim's value is its holder's: one writer, so that a number tells which copy is newer.
        await known.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            known.Version++;
            known.Value = value;
            var arguments = _backend.Arguments(claim.Resource, claim.Id, known.Attempt, known.Version, value);
            return await AskAsync(RedlockScripts.SetValue, arguments, "set the value of", claim.Resource, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(known);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_claims.TryGetValue(claim.Id, out var known) || !known.IsHeld)
        {
            return null;
        }

        var arguments = _backend.Arguments(claim.Resource, claim.Id, known.Attempt, _milliseconds, known.TakenBy);
        var isThere = await AskAsync(RedlockScripts.Detach, arguments, "detach", claim.Resource, cancellationToken).ConfigureAwait(false);
        return isThere ? new RedlockTicket(claim, known.Attempt).ToString() : null;
    }

    /// <inheritdoc/>
    public async ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var calls = new List<Task>();
        for (var start = 0; start < claims.Count; start += BatchSize)
        {
            var count = Math.Min(BatchSize, claims.Count - start);
            calls.Add(ReleaseAsync(claims, start, count, Name(claims, start, count), cancellationToken).AsTask());
        }

        await Task.WhenAll(calls).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _backend.Hints.Remove(Number);
        return default;
    }

    private static string Name(IReadOnlyList<ClaimKey> claims, int start, int count) => count == 1
        ? claims[start].Resource
        : string.Create(CultureInfo.InvariantCulture, $"{claims[start].Resource} and {count - 1} more");

    private static bool IsFinal(RedlockRound round, int answers) => round.CountOf(RedlockRound.State.Reply) >= answers;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<long> ReleaseAsync(IReadOnlyList<ClaimKey> claims, int start, int count, string name, CancellationToken cancellationToken)
    {
        var arguments = count == 1 ? _backend.ReleaseArguments.Rent() : new RedisArguments(1 + (count * RedlockKeys.PerResource), 3 + (count * 3));
        _backend.Begin(arguments);
        arguments.Values[2] = _milliseconds;
        for (var i = 0; i < count; i++)
        {
            var (resource, id) = claims[start + i];
            _backend.Keys.Write(resource, arguments.Keys.AsSpan(1 + (i * RedlockKeys.PerResource)));
            var (token, attempts) = (0L, 0);
            if (_claims.TryRemove(id, out var claim))
            {
                lock (claim)
                {
                    // An attempt that is under way makes nothing more of it.
                    claim.IsReleased = true;
                    claim.IsEnded = true;
                    (token, attempts) = (claim.HighestToken, claim.Attempt);
                }
            }

            arguments.Values[3 + (i * 3)] = id;
            arguments.Values[4 + (i * 3)] = token;
            arguments.Values[5 + (i * 3)] = attempts;
        }

        // Rule 17: those that did not answer are told again, until the claim has ended by itself.
        var until = _backend.Now + Duration;
        var round = RedlockRound.Start(
            _backend,
            RedlockScripts.Release,
            arguments,
            "release",
            name,
            static round => round.CountOf(RedlockRound.State.Reply) >= round.Quorum,
            cancellationToken);
        try
        {
            await round.WaitAsync().ConfigureAwait(false);
        }
        finally
        {
            round.Follow(
                static (round, master, state) =>
                {
                    if (round[master] == RedlockRound.State.Fault)
                    {
                        ((Releasing)state).Session.Owe(master, ((Releasing)state).Call());
                    }
                },
                new Releasing(this, arguments, name, until));
        }

        if (round.CountOf(RedlockRound.State.Reply) < Quorum)
        {
            throw _backend.TooFew(round, "release", name);
        }

        var found = 0L;
        for (var master = 0; master < Masters; master++)
        {
            found = Math.Max(found, round.Reply(master) is { } reply ? (long)reply : 0);
        }

        return found;
    }

    private void Owe(int master, RedlockOwed.Call call)
    {
        _backend.Owed.Add(master, call);
        _listener.OnMaintenanceDue();
    }

    // A question that each master answers with 1 or 0.
    private async ValueTask<bool> AskAsync(
        RedisScript script, RedisArguments arguments, string operation, string resource, CancellationToken cancellationToken)
    {
        var round = RedlockRound.Start(
            _backend, script, arguments, operation, resource, static round => Yes(round) >= round.Quorum || No(round) > round.Count - round.Quorum, cancellationToken);
        await round.WaitAsync().ConfigureAwait(false);
        if (Yes(round) >= Quorum)
        {
            return true;
        }

        return No(round) >= Veto ? false : throw _backend.TooFew(round, operation, resource);

        static int Yes(RedlockRound round) => Count(round, 1);
        static int No(RedlockRound round) => Count(round, 0);
        static int Count(RedlockRound round, long answer)
        {
            var count = 0;
            for (var master = 0; master < round.Count; master++)
            {
                count += round.Reply(master) is { } reply && (long)reply == answer ? 1 : 0;
            }

            return count;
        }
    }

    // What a release needs to be sent again.
    private sealed record Releasing(RedlockSession Session, RedisArguments Arguments, string Name, TimeSpan Until)
    {
        public RedlockOwed.Call Call() => new(RedlockScripts.Release, Arguments, "release", Name, Until, Claim: null);
    }
}
