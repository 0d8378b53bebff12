using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Coordination.Backends;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Claims that are renewed together. At the server it is nothing but them: each has its own expiry.</summary>
internal sealed class RedisSession : IBackendSession
{
    private const int Announced = 1;

    // As in renew.lua.
    private const char Held = '0', Waiting = '1', Hinted = '2';

    // Claims a script call. A call of 128 takes the server about a millisecond; others' calls come in between.
    private const int BatchSize = 128;

    private readonly RedisBackend _backend;
    private readonly ISessionListener _listener;
    private readonly long _milliseconds;
    private readonly RedisValue _route;

    // What was last told of those that are not known to be held: that they wait, or, by a hint alone, that they are granted. Renewals pass
    // it on, so that the server tells what is new: of one that waits its grant, of one that is held or hinted that it waits (again).
    private readonly ConcurrentDictionary<string, char> _waiting = new(StringComparer.Ordinal);

    /// <summary>Makes a session. Nothing is sent.</summary>
    /// <param name="backend">Its backend.</param>
    /// <param name="number">Its number there.</param>
    /// <param name="duration">How long its claims outlive their last renewal; rounded up to milliseconds.</param>
    /// <param name="listener">Who hears of its grants.</param>
    public RedisSession(RedisBackend backend, long number, TimeSpan duration, ISessionListener listener)
    {
        _backend = backend;
        _listener = listener;
        Number = number;
        _milliseconds = (duration.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        Duration = TimeSpan.FromMilliseconds(_milliseconds);
        _route = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{backend.Hints.ChannelName} {number}"));
    }

    /// <summary>Its number in the backend, by which the server tells of its grants.</summary>
    public long Number { get; }

    /// <inheritdoc/>
    public TimeSpan Duration { get; }

    /// <summary>The server has told of a grant.</summary>
    /// <param name="claimId">The claim.</param>
    /// <param name="token">Its token.</param>
    public void OnGranted(string claimId, FencingToken token)
    {
        _waiting.TryUpdate(claimId, Hinted, Waiting);
        _listener.OnGranted(claimId, token);
    }

    /// <summary>The server should be asked how a claim stands.</summary>
    /// <param name="claimId">The claim; <see langword="null"/> for all.</param>
    public void OnChanged(string? claimId) => _listener.OnChanged(claimId);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var (resource, id) = request.Key;

        // What may wait must be able to hear of its grant. Only the first claim of a backend pays for it.
        if (request.Intent == ClaimIntent.Queue && !_backend.Hints.IsSubscribed)
        {
            await _backend.Hints.SubscribeAsync("claim", resource, cancellationToken).ConfigureAwait(false);
        }

        var arguments = _backend.ClaimArguments.Rent(_backend.Keys.Of(resource));
        var values = arguments.Values;
        values[0] = id;
        values[1] = (int)request.Intent;
        values[2] = _milliseconds;
        values[3] = RedisReplies.LimitOf(request.Mode, request.Limit);
        values[4] = request.Announce ? Announced : 0;
        values[5] = _route;
        values[6] = _backend.Retention;
        values[7] = request.Value;
        var settled = false;
        try
        {
            var reply = await _backend.EvaluateAsync(RedisScripts.Claim, arguments, "claim", resource, cancellationToken).ConfigureAwait(false);
            var result = RedisReplies.ToClaimResult(reply, Duration);
            if (result.Outcome == ClaimOutcome.Granted && _backend.Acks is not null)
            {
                result = await ConfirmAsync(request, cancellationToken).ConfigureAwait(false);
            }

            settled = result.Outcome != ClaimOutcome.Waiting;
            return result;
        }
        finally
        {
            // After a fault it may wait too: then a renewal says what the reply would have.
            if (!settled)
            {
                _waiting[id] = Waiting;
            }
            else if (!_waiting.IsEmpty)
            {
                _waiting.TryRemove(id, out _);
            }
        }
    }

    // The claim is asked for once more, where replicas are waited for. That writes it anew, and finds it gone when another server has taken over without it.
    private async ValueTask<ClaimResult> ConfirmAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var (resource, id) = request.Key;
        var arguments = _backend.Arguments(
            resource, id, (int)ClaimIntent.FindExisting, _milliseconds, RedisReplies.LimitOf(request.Mode, request.Limit), 0, _route, _backend.Retention, request.Value);
        var reply = await _backend.Acks!.EvaluateAsync(RedisScripts.Claim, arguments, "claim", resource, cancellationToken).ConfigureAwait(false);
        var result = RedisReplies.ToClaimResult(reply, Duration);
        return result.Outcome != ClaimOutcome.Refused ? result : throw new CoordinationException(
            $"Redis could not claim '{resource}': the server that granted it was replaced by one that does not know of it.", isTransient: true);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReleaseAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        var arguments = _backend.ReleaseArguments.Rent(_backend.Keys.Of(claim.Resource));
        arguments.Values[0] = _milliseconds;
        arguments.Values[1] = _backend.Retention;
        arguments.Values[2] = claim.Id;

        // Whether the release arrives or not, it is not renewed any more.
        if (!_waiting.IsEmpty)
        {
            _waiting.TryRemove(claim.Id, out _);
        }

        var reply = await _backend.EvaluateAsync(RedisScripts.Release, arguments, "release", claim.Resource, cancellationToken).ConfigureAwait(false);
        return (long)reply == 1;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> SetValueAsync(ClaimKey claim, string value, CancellationToken cancellationToken)
    {
        var arguments = _backend.Arguments(claim.Resource, claim.Id, _backend.Retention, value);
        var reply = await _backend.EvaluateAsync(RedisScripts.SetValue, arguments, "set the value of", claim.Resource, cancellationToken).ConfigureAwait(false);
        return (long)reply == 1;
    }

    /// <inheritdoc/>
    public async ValueTask<RenewalResult> RenewAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        _backend.Keys.Keep(claims.Count);
        if (!_waiting.IsEmpty)
        {
            _backend.Hints.Revive();
        }

        var exceptions = new List<ClaimRenewal>();
        var calls = new List<(Batch Batch, Task<RedisResult> Reply)>();
        foreach (var batch in Batches(claims))
        {
            calls.Add((batch, RenewAsync(claims, batch, cancellationToken)));
        }

        Exception? fault = null;
        var unconfirmed = 0;
        foreach (var (batch, reply) in calls)
        {
            try
            {
                Read(claims, batch, await reply.ConfigureAwait(false), exceptions);
            }
            catch (Exception e) when (e is CoordinationException or OperationCanceledException)
            {
                fault ??= e;
                unconfirmed += batch.Count;
                for (var i = 0; i < batch.Count; i++)
                {
                    exceptions.Add(new ClaimRenewal(batch[i], ClaimRenewalOutcome.Unconfirmed));
                }
            }
        }

        if (fault is not null)
        {
            if (unconfirmed == claims.Count)
            {
                throw fault;
            }

            RedisLog.RenewalUnconfirmed(_backend.Logger, unconfirmed, claims.Count, fault);
        }

        return RenewalResult.Renewed(Duration, exceptions);
    }

    /// <inheritdoc/>
    public async ValueTask<string?> DetachAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        var arguments = _backend.Arguments(claim.Resource, claim.Id, _backend.Retention, _milliseconds, _route);
        var reply = await _backend.EvaluateConfirmedAsync(RedisScripts.Detach, arguments, "detach", claim.Resource, cancellationToken).ConfigureAwait(false);
        return (long)reply == 1 ? new RedisTicket(claim).ToString() : null;
    }

    /// <summary>Takes a detached claim over.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns><see langword="false"/> when it had ended or was another's.</returns>
    public async ValueTask<bool> AttachAsync(ClaimKey claim, CancellationToken cancellationToken)
    {
        var arguments = _backend.Arguments(claim.Resource, claim.Id, _backend.Retention, _milliseconds, _route);
        var reply = await _backend.EvaluateConfirmedAsync(RedisScripts.Attach, arguments, "attach", claim.Resource, cancellationToken).ConfigureAwait(false);
        return (long)reply == 1;
    }

    /// <inheritdoc/>
    public async ValueTask EndAsync(IReadOnlyList<ClaimKey> claims, CancellationToken cancellationToken)
    {
        var calls = new List<Task>();
        foreach (var batch in Batches(claims))
        {
            var arguments = new RedisArguments(batch.Count * 2, batch.Count + 2);
            arguments.Values[0] = _milliseconds;
            arguments.Values[1] = _backend.Retention;
            Fill(arguments, claims, batch, 2);
            calls.Add(_backend.EvaluateAsync(RedisScripts.Release, arguments, "release", Name(claims, batch), cancellationToken).AsTask());
        }

        await Task.WhenAll(calls).ConfigureAwait(false);
        _waiting.Clear();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _backend.Hints.Remove(Number);
        return default;
    }

    // On one server any claims can share a call. In a cluster those of a call must share a slot.
    private IEnumerable<Batch> Batches(IReadOnlyList<ClaimKey> claims)
    {
        int[]? slots = null;
        int[]? order = null;
        if (claims.Count > 1 && _backend.SlotOf(claims[0].Resource) >= 0)
        {
            slots = [.. claims.Select(claim => _backend.SlotOf(claim.Resource))];
            order = [.. Enumerable.Range(0, claims.Count)];
            Array.Sort(slots, order);
        }

        int count;
        for (var start = 0; start < claims.Count; start += count)
        {
            count = Math.Min(BatchSize, claims.Count - start);
            if (slots is not null)
            {
                var slot = slots[start];
                count = slots.AsSpan(start, count).IndexOfAnyExcept(slot) is > 0 and var first ? first : count;
            }

            yield return new Batch(order, start, count);
        }
    }

    private static string Name(IReadOnlyList<ClaimKey> claims, Batch batch)
    {
        var first = claims[batch[0]].Resource;
        return batch.Count == 1 ? first : string.Create(CultureInfo.InvariantCulture, $"{first} and {batch.Count - 1} more");
    }

    private Task<RedisResult> RenewAsync(IReadOnlyList<ClaimKey> claims, Batch batch, CancellationToken cancellationToken)
    {
        var arguments = new RedisArguments(batch.Count * 2, batch.Count + 3);
        arguments.Values[0] = _milliseconds;
        arguments.Values[1] = _backend.Retention;
        arguments.Values[2] = string.Create(batch.Count, (claims, batch, _waiting), static (marks, all) =>
        {
            for (var i = 0; i < marks.Length; i++)
            {
                marks[i] = all._waiting.GetValueOrDefault(all.claims[all.batch[i]].Id, Held);
            }
        });
        Fill(arguments, claims, batch, 3);
        return _backend.EvaluateConfirmedAsync(RedisScripts.Renew, arguments, "renew", Name(claims, batch), cancellationToken).AsTask();
    }

    private void Fill(RedisArguments arguments, IReadOnlyList<ClaimKey> claims, Batch batch, int offset)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var (resource, id) = claims[batch[i]];
            var keys = _backend.Keys.Of(resource);
            arguments.Keys[i * 2] = keys.Claims;
            arguments.Keys[(i * 2) + 1] = keys.Waiters;
            arguments.Values[offset + i] = id;
        }
    }

    // Pairs: the claim's number in the call from 1, and its token, or 0 when it is gone or not what it was.
    private void Read(IReadOnlyList<ClaimKey> claims, Batch batch, RedisResult reply, List<ClaimRenewal> exceptions)
    {
        for (var i = 0; i + 1 < reply.Length; i += 2)
        {
            var index = batch[(int)reply[i] - 1];
            var token = (long)reply[i + 1];
            _waiting.TryRemove(claims[index].Id, out _);
            exceptions.Add(token == 0
                ? new ClaimRenewal(index, ClaimRenewalOutcome.Lost)
                : new ClaimRenewal(index, ClaimRenewalOutcome.Granted, new FencingToken(token)));
        }
    }

    // A part of a list of claims, or of another order of it.
    private readonly record struct Batch(int[]? Order, int Start, int Count)
    {
        public int this[int i] => Order is null ? Start + i : Order[Start + i];
    }
}
