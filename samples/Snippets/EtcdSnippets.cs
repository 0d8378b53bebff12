using Coordination.Etcd;
using Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Snippets;

internal static class EtcdSnippets
{
    public static void WithContainer(HostApplicationBuilder builder)
    {
        // snippet: etcd-with-container
        builder.Services
            .AddCoordinator(builder.Configuration.GetSection("Coordination"))
            .UseEtcd(builder.Configuration.GetSection("Coordination:Etcd"));
        // end
    }

    public static async Task WithoutContainer(CancellationToken ct)
    {
        // snippet: etcd-without-container
        await using var coordinator = new Coordinator(EtcdBackend.Create("http://etcd1:2379,http://etcd2:2379,http://etcd3:2379"));
        await using var lease = await coordinator.CreateLock("invoice/42").AcquireAsync(ct);
        // end
    }

    // snippet: etcd-guard
    public static async Task SaveAsync(KV.KVClient etcd, ILease lease, string account, string balance, CancellationToken ct)
    {
        var transaction = new TxnRequest
        {
            Compare = { lease.ToEtcdCompare() },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8(account), Value = ByteString.CopyFromUtf8(balance) } } },
        };
        if (!(await etcd.TxnAsync(transaction, cancellationToken: ct)).Succeeded)
        {
            throw new InvalidOperationException($"The lease on {lease.Name} was lost: nothing was written.");
        }
    }
    // end
}
