using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coordination.Etcd;

/// <summary>The certificates of the options, as TLS wants them.</summary>
internal static class EtcdTls
{
    /// <summary>Reads the files.</summary>
    /// <param name="options">The options.</param>
    /// <returns>What the handlers of all members use.</returns>
    /// <exception cref="ArgumentException">A file cannot be read.</exception>
    public static SslClientAuthenticationOptions Read(EtcdBackendOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.CertificateAuthorityFile is { } authorities)
        {
            var roots = new X509Certificate2Collection();
            Try(nameof(options.CertificateAuthorityFile), authorities, () => roots.ImportFromPemFile(authorities));
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(roots);
            tls.CertificateChainPolicy = policy;
        }

        if (options.ClientCertificateFile is { } certificate)
        {
            X509Certificate2? shown = null;
            Try(nameof(options.ClientCertificateFile), certificate, () => shown = X509Certificate2.CreateFromPemFile(certificate, options.ClientKeyFile));
            if (OperatingSystem.IsWindows())
            {
                // Windows' TLS cannot use a key that lives in memory only.
                using var inMemory = shown!;
                shown = X509CertificateLoader.LoadPkcs12(inMemory.Export(X509ContentType.Pkcs12), password: null);
            }

            tls.ClientCertificateContext = SslStreamCertificateContext.Create(shown!, additionalCertificates: null, offline: true);
        }

        return tls;
    }

    private static void Try(string option, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"{option} '{file}' could not be read: {exception.Message}", exception);
        }
    }
}
