using StackExchange.Redis;

namespace Coordination.Redis;

/// <content>Taking a detached lease over.</content>
internal sealed partial class RedlockSession
{
    /// <summary>Takes a detached lease over. Two rounds, and not one, so that of several takers one wins: the first master that has it decides.</summary>
    /// <param name="ticket">Which.</param>
    /// <param name="by">Who takes it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns><see langword="false"/> when it had ended or is another's.</returns>
    public async ValueTask<bool> AttachAsync(RedlockTicket ticket, string by, CancellationToken cancellationToken)
    {
        var resource = ticket.Claim.Resource;
        var take = _backend.Arguments(resource, ticket.Claim.Id, ticket.Attempt, _milliseconds, by, 1);
        var found = false;
        CoordinationException? fault = null;
        for (var master = 0; master < Masters && !found; master++)
        {
            try
            {
                var reply = await _backend.CallAsync(master, RedlockScripts.Attach, take, "attach", resource, cancellationToken).ConfigureAwait(false);
                found = IsTaken(reply);
                if (reply.Resp2Type == ResultType.Integer && (long)reply == 1)
                {
                    return false; // Another's.
                }
            }
            catch (CoordinationException e)
            {
                fault = e;
            }
        }

        if (!found)
        {
            return fault is null ? false : throw fault;
        }

        var round = RedlockRound.Start(
            _backend, RedlockScripts.Attach, take, "attach", resource, static round => Taken(round) >= round.Quorum || Denied(round) > round.Count - round.Quorum, cancellationToken);
        await round.WaitAsync().ConfigureAwait(false);
        if (Taken(round) >= Quorum)
        {
            Adopt(ticket, round);
            return true;
        }

        if (Denied(round) < Veto)
        {
            throw _backend.TooFew(round, "attach", resource);
        }

        var giveBack = _backend.Arguments(resource, ticket.Claim.Id, ticket.Attempt, _milliseconds, by, 0);
        for (var master = 0; master < Masters; master++)
        {
            _backend.Owed.SendOnce(master, RedlockScripts.Attach, giveBack, "attach", resource);
        }

        return false;
    }

    private static bool IsTaken(RedisResult? reply) => reply is not null && reply.Resp2Type != ResultType.Integer;

    private static int Taken(RedlockRound round) => Enumerable.Range(0, round.Count).Count(master => IsTaken(round.Reply(master)));

    private static int Denied(RedlockRound round) => Enumerable.Range(0, round.Count).Count(master => round.Reply(master) is { } reply && !IsTaken(reply));

    private void Adopt(RedlockTicket ticket, RedlockRound round)
    {
        var newest = Enumerable.Range(0, round.Count).Select(round.Reply).Where(IsTaken).MaxBy(static reply => (int)reply![4])!;
        var token = (long)newest[0];
        _claims[ticket.Claim.Id] = new RedlockClaim(ticket.Claim)
        {
            Attempt = ticket.Attempt,
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
