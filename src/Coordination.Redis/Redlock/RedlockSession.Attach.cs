using StackExchange.Redis;

namespace Coordination.Redis;

/// <content>Taking a detached lease over.</content>
internal sealed partial class RedlockSession
{
    // Several takers may each get some of the masters, and none a majority. Between two takes lies twice the time of the last: a second at the end, on however slow a machine.
    private const int MaxTakes = 8;

    // As attach.lua says it.
    private const int IsAnothers = 1;

    /// <summary>Takes a detached lease over: one round, in which each master gives it to the first that comes. Who gets a majority has it.</summary>
    /// <remarks>Nobody gives up before all have answered that do: of several takers none would have it if each went by those that were quicker to refuse.</remarks>
    /// <param name="ticket">Which.</param>
    /// <param name="taker">Who takes it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns><see langword="false"/> when it had ended or is another's.</returns>
    public async ValueTask<bool> AttachAsync(RedlockTicket ticket, RedlockTaker taker, CancellationToken cancellationToken)
    {
        var resource = ticket.Claim.Resource;
        for (var takes = 1; ; takes++)
        {
            var take = _backend.Arguments(resource, ticket.Claim.Id, ticket.Attempt, _milliseconds, taker.Id, 1);
            var round = RedlockRound.Start(
                _backend,
                RedlockScripts.Attach,
                take,
                "attach",
                resource,
                static round => Taken(round) >= round.Quorum || (Denied(round) > round.Count - round.Quorum && round.CountOfAwaited() == 0),
                cancellationToken);
            await round.WaitAsync().ConfigureAwait(false);
            if (Taken(round) >= Quorum)
            {
                Adopt(ticket, taker.Id, round);
                return true;
            }

            if (Denied(round) < Veto)
            {
                throw _backend.TooFew(round, "attach", resource);
            }

            // What is given back may be told a master after the next take: that is another's by then.
            GiveBack(ticket, taker.Id, round);
            taker.Renew();
            var mine = Taken(round);
            if (takes == MaxTakes || mine == 0 || mine + Denied(round, IsAnothers) + round.CountOf(RedlockRound.State.Pending) < Quorum)
            {
                return false;
            }

            // They may have split the masters: nobody has it then, and one may get it next time.
            await Task.Delay(TimeSpan.FromMilliseconds(2 + (_backend.NextDouble() * (4 << takes))), _backend.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    // What one has that could not get a majority is there for others again.
    private void GiveBack(RedlockTicket ticket, string by, RedlockRound round)
    {
        var resource = ticket.Claim.Resource;
        var call = new RedlockOwed.Call(
            RedlockScripts.Attach, _backend.Arguments(resource, ticket.Claim.Id, ticket.Attempt, _milliseconds, by, 0), "attach", resource, _backend.Now + Duration, Claim: null);
        round.Follow((round, master) =>
        {
            if (IsTaken(round.Reply(master)))
            {
                _backend.Owed.Send(master, call, _listener);
            }
            else if (round[master] == RedlockRound.State.Fault)
            {
                Owe(master, call);
            }
        });
    }

    private static bool IsTaken(RedisResult? reply) => reply is not null && reply.Resp2Type != ResultType.Integer;

    private static int Taken(RedlockRound round) => Enumerable.Range(0, round.Count).Count(master => IsTaken(round.Reply(master)));

    private static int Denied(RedlockRound round) => Enumerable.Range(0, round.Count).Count(master => round.Reply(master) is { } reply && !IsTaken(reply));

    private static int Denied(RedlockRound round, long why) =>
        Enumerable.Range(0, round.Count).Count(master => round.Reply(master) is { } reply && !IsTaken(reply) && (long)reply == why);

    private void Adopt(RedlockTicket ticket, string by, RedlockRound round)
    {
        var newest = Enumerable.Range(0, round.Count).Select(round.Reply).Where(IsTaken).MaxBy(static reply => (int)reply![4])!;
        var token = (long)newest[0];
        _claims[ticket.Claim.Id] = new RedlockClaim(ticket.Claim)
        {
            Attempt = ticket.Attempt,
            TakenBy = by,
            IsHeld = true,
            Token = token,
            HighestToken = token,
            What = (long)newest[1],
            Kind = Math.Max((long)newest[2], 0),
            Flags = (int)newest[3],
            Version = (int)newest[4],
            Value = (string)newest[5]!,
        };
    }
}
